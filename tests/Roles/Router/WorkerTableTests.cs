using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Router;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Router;

public sealed class WorkerTableTests : TestKit
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly WorkerTable _table = new(Silence);
    private int _lastRequest;

    [Fact]
    public void Without_a_worker_of_each_role_there_is_no_pair()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Assert.Null(Assign());
        Report("decode-0", WorkerRole.Decode);
        Assert.NotNull(Assign());
    }

    [Fact]
    public void The_least_busy_worker_is_chosen_by_what_it_reports()
    {
        Report("prefill-0", WorkerRole.Prefill, tokens: 500);
        Report("prefill-1", WorkerRole.Prefill, tokens: 100);
        Report("decode-0", WorkerRole.Decode, jobs: 3);
        Report("decode-1", WorkerRole.Decode, jobs: 8);

        Assert.Equal(("prefill-1", "decode-0"), Names(Assign(tokens: 10)));
    }

    [Fact]
    public void What_was_given_out_counts_before_it_is_reported()
    {
        foreach (var worker in new[] { "decode-0", "decode-1", "decode-2" }) Report(worker, WorkerRole.Decode);
        Report("prefill-0", WorkerRole.Prefill);

        var chosen = Enumerable.Range(0, 9).Select(_ => Names(Assign()).Decode).ToList();

        Assert.All(chosen.CountBy(name => name), pair => Assert.Equal(3, pair.Value));
    }

    [Fact]
    public void A_released_attempt_counts_no_more()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);
        Report("decode-1", WorkerRole.Decode);
        var first = Assign()!;
        Assign();
        Assign();
        var busier = Names(Assign()).Decode;

        Assert.True(_table.Release(first.Attempt));
        Assert.False(_table.Release(first.Attempt));
        Assert.Equal(3, _table.Assigned);
        Assert.Equal("decode-0", first.Decode.Worker.Value);
        Assert.Equal("decode-1", busier);
        Assert.Equal("decode-0", Names(Assign()).Decode);
    }

    [Fact]
    public void A_worker_to_avoid_is_taken_only_if_there_is_no_other()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);
        Report("decode-1", WorkerRole.Decode, jobs: 50);

        Assert.Equal("decode-1", Names(Assign(avoid: "decode-0")).Decode);
        _table.Remove(ActorOf("decode-1"));
        Assert.Equal("decode-0", Names(Assign(avoid: "decode-0")).Decode);
    }

    [Fact]
    public void An_excluded_worker_is_never_taken()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);

        Assert.Null(Assign(exclude: "decode-0"));
    }

    [Fact]
    public void A_silent_worker_gets_no_work_until_it_reports_again()
    {
        Report("prefill-0", WorkerRole.Prefill, now: TimeSpan.Zero);
        Report("decode-0", WorkerRole.Decode, now: TimeSpan.Zero);
        var later = Silence + TimeSpan.FromMilliseconds(1);

        Assert.Null(Assign(now: later));
        Assert.Empty(_table.Reports(later));
        Report("prefill-0", WorkerRole.Prefill, now: later);
        Report("decode-0", WorkerRole.Decode, now: later);
        Assert.NotNull(Assign(now: later));
    }

    [Fact]
    public void A_worker_that_was_begun_again_keeps_its_name_and_gets_its_new_actor()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);
        var old = ActorOf("decode-0");
        var next = CreateTestProbe().Ref;

        var replaced = _table.Apply(new RouterProtocol.WorkerReport(new WorkerId("decode-0"), WorkerRole.Decode, next, 0, 0), TimeSpan.Zero);

        Assert.Equal(old, replaced);
        Assert.Equal(next, Assign()!.Decode.Actor);
        Assert.False(_table.Remove(old));
        Assert.Equal(2, _table.WorkerCount);
    }

    private readonly Dictionary<string, Akka.Actor.IActorRef> _actors = [];

    private Akka.Actor.IActorRef ActorOf(string worker) =>
        _actors.TryGetValue(worker, out var actor) ? actor : _actors[worker] = CreateTestProbe().Ref;

    private void Report(string worker, WorkerRole role, int jobs = 0, long tokens = 0, TimeSpan now = default) =>
        _table.Apply(new RouterProtocol.WorkerReport(new WorkerId(worker), role, ActorOf(worker), jobs, tokens), now);

    private RouterProtocol.Assigned? Assign(int tokens = 1, string? avoid = null, string? exclude = null, TimeSpan now = default) =>
        _table.TryAssign(new RouterProtocol.Assign(new AttemptId(new RequestId($"r{++_lastRequest}"), 0), tokens, Set(avoid), Set(exclude)), now);

    private static ImmutableHashSet<WorkerId> Set(string? worker) => worker is null ? [] : [new WorkerId(worker)];

    private static (string Prefill, string Decode) Names(RouterProtocol.Assigned? assigned) =>
        (assigned!.Prefill.Worker.Value, assigned.Decode.Worker.Value);
}
