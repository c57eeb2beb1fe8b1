using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Router;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Router;

public sealed class WorkerTableTests : TestKit
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly WorkerTable _table = new(Silence, new PrefixRoutingOptions());
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

    [Fact]
    public void A_worker_of_both_roles_does_all_of_what_it_is_given_and_counts_it_once()
    {
        Report("both-0", WorkerRole.Both);
        Report("both-1", WorkerRole.Both);

        var pairs = Enumerable.Range(0, 6).Select(_ => Names(Assign(tokens: 10))).ToList();

        Assert.All(pairs, pair => Assert.Equal(pair.Prefill, pair.Decode));
        Assert.All(pairs.CountBy(pair => pair.Prefill), pair => Assert.Equal(3, pair.Value));
    }

    [Fact]
    public void A_worker_of_both_roles_helps_out_with_what_there_is_too_little_of()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Assert.Null(Assign());
        Report("both-0", WorkerRole.Both, tokens: 100);

        Assert.Equal(("prefill-0", "both-0"), Names(Assign()));
    }

    [Fact]
    public void Many_prefill_workers_go_with_few_decode_workers_and_the_other_way_round()
    {
        foreach (var worker in new[] { "prefill-0", "prefill-1", "prefill-2" }) Report(worker, WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);

        var pairs = Enumerable.Range(0, 6).Select(_ => Names(Assign(tokens: 10))).ToList();

        Assert.All(pairs.CountBy(pair => pair.Prefill), pair => Assert.Equal(2, pair.Value));
        Assert.All(pairs, pair => Assert.Equal("decode-0", pair.Decode));
    }

    [Fact]
    public void A_worker_that_changes_its_role_is_given_work_of_the_new_one()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("prefill-1", WorkerRole.Prefill);
        Assert.Null(Assign());

        Report("prefill-1", WorkerRole.Decode);

        Assert.Equal(("prefill-0", "prefill-1"), Names(Assign()));
        Assert.Equal(2, _table.WorkerCount);
    }

    [Fact]
    public void A_worker_that_drains_gets_no_work()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);
        Apply("decode-0", WorkerRole.Decode, report => report with { Draining = true });
        Assert.Null(Assign());
        Assert.False(_table.IsServing(TimeSpan.Zero));

        Report("decode-1", WorkerRole.Decode, jobs: 100);

        Assert.Equal("decode-1", Names(Assign()).Decode);
    }

    [Fact]
    public void Workers_of_unlike_pages_or_protocols_are_not_paired_and_the_difference_is_told()
    {
        var pages = KvTransferFormat.Of(new KvPageLayout(Layers: 2, PageSizeTokens: 16, KvHeads: 4, HeadDim: 8, KvDtype.F32));
        var larger = pages with { Layout = pages.Layout with { PageSizeTokens = 64 } };
        Apply("prefill-0", WorkerRole.Prefill, report => report with { Format = pages, Protocol = 1 });
        Apply("decode-0", WorkerRole.Decode, report => report with { Format = larger, Protocol = 1 });
        Assert.Null(Assign());
        Assert.Equal("No workers can be paired: between prefill-0 and decode-0 stands: tokens a page 16 and 64.", _table.Mismatch(TimeSpan.Zero));

        Apply("decode-1", WorkerRole.Decode, report => report with { Format = pages, Protocol = 2 });
        Assert.Null(Assign());
        Apply("decode-2", WorkerRole.Decode, report => report with { Format = pages, Protocol = 1, Jobs = 90 });

        Assert.Equal(("prefill-0", "decode-2"), Names(Assign()));
        Assert.Null(_table.Mismatch(TimeSpan.Zero));
    }

    [Fact]
    public void A_process_that_is_lost_takes_its_workers_and_their_attempts_with_it()
    {
        Report("prefill-0", WorkerRole.Prefill);
        Report("decode-0", WorkerRole.Decode);
        var assigned = Assign()!;

        var lost = _table.RemoveAt(ActorOf("decode-0").Path.Address);

        Assert.Equal(["decode-0", "prefill-0"], lost.Select(each => each.Worker.Value).Order());
        Assert.All(lost, each => Assert.Contains(assigned.Attempt, each.Attempts));
        Assert.Equal(0, _table.WorkerCount);
    }

    private readonly Dictionary<string, Akka.Actor.IActorRef> _actors = [];

    private Akka.Actor.IActorRef ActorOf(string worker) =>
        _actors.TryGetValue(worker, out var actor) ? actor : _actors[worker] = CreateTestProbe().Ref;

    private void Report(string worker, WorkerRole role, int jobs = 0, long tokens = 0, TimeSpan now = default) =>
        _table.Apply(new RouterProtocol.WorkerReport(new WorkerId(worker), role, ActorOf(worker), jobs, tokens), now);

    private void Apply(string worker, WorkerRole role, Func<RouterProtocol.WorkerReport, RouterProtocol.WorkerReport> change) =>
        _table.Apply(change(new RouterProtocol.WorkerReport(new WorkerId(worker), role, ActorOf(worker), 0, 0)), TimeSpan.Zero);

    private RouterProtocol.Assigned? Assign(int tokens = 1, string? avoid = null, string? exclude = null, TimeSpan now = default) =>
        _table.TryAssign(new RouterProtocol.Assign(new AttemptId(new RequestId($"r{++_lastRequest}"), 0), tokens, Set(avoid), Set(exclude)), now);

    private static ImmutableHashSet<WorkerId> Set(string? worker) => worker is null ? [] : [new WorkerId(worker)];

    private static (string Prefill, string Decode) Names(RouterProtocol.Assigned? assigned) =>
        (assigned!.Prefill.Worker.Value, assigned.Decode.Worker.Value);
}
