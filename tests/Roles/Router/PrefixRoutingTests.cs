using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Router;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Router;

public sealed class PrefixRoutingTests : TestKit
{
    private const int BlockTokens = 16;

    private static readonly KvTransferFormat Pages = KvTransferFormat.Of(new KvPageLayout(Layers: 1, PageSizeTokens: 16, KvHeads: 1, HeadDim: 8, KvDtype.F32));

    private readonly WorkerTable _table = new(TimeSpan.FromSeconds(10), new PrefixRoutingOptions());
    private readonly Dictionary<string, IActorRef> _actors = [];
    private int _lastRequest;

    [Fact]
    public void A_prompt_goes_where_its_beginning_is_cached()
    {
        ReportAll(cachedPages: 1000);
        var first = Assign(Blocks(1, 10));
        _table.Release(first.Attempt);
        foreach (var other in new[] { 2, 3, 4 }) _table.Release(Assign(Blocks(other, 10)).Attempt);

        var next = Assign([.. Blocks(1, 10), .. Blocks(9, 2)]);

        Assert.Equal((first.Prefill.Worker, first.Decode.Worker), (next.Prefill.Worker, next.Decode.Worker));
        Assert.Equal(10 * BlockTokens, _table.PrefixTokens);
        Assert.Equal((5 * 10 + 2) * BlockTokens, _table.PromptTokens);
    }

    [Fact]
    public void The_answer_counts_as_cached_where_it_was_generated()
    {
        ReportAll(cachedPages: 1000);
        var first = Assign(Blocks(1, 4));
        ImmutableArray<ulong> dialogue = [.. Blocks(1, 4), .. Blocks(8, 3)];
        _table.NoteHeld(first.Attempt, dialogue);
        _table.Release(first.Attempt);

        // Both have its beginning, and only one the answer to it.
        var other = Assign(Blocks(1, 4), exclude: first.Decode.Worker.Value);
        _table.Release(other.Attempt);

        Assert.NotEqual(first.Decode.Worker, other.Decode.Worker);
        Assert.Equal(first.Decode.Worker, Assign(dialogue).Decode.Worker);
    }

    [Fact]
    public void A_hot_beginning_is_shared_out_when_its_worker_has_more_to_do_than_another_would_compute()
    {
        ReportAll(cachedPages: 1000);

        var assigned = Enumerable.Range(0, 40).Select(i => Assign([.. Blocks(1, 4), .. Blocks(100 + i, 4)])).ToList();

        foreach (var worker in assigned.CountBy(each => each.Prefill.Worker).Concat(assigned.CountBy(each => each.Decode.Worker)))
            Assert.InRange(worker.Value, 15, 25);
    }

    [Fact]
    public void However_much_is_cached_with_one_it_does_not_get_all()
    {
        ReportAll(cachedPages: 1000);

        var assigned = Enumerable.Range(0, 60).Select(_ => Assign(Blocks(1, 100))).ToList();

        Assert.Equal(2, assigned.CountBy(each => each.Prefill.Worker).Count());
        Assert.InRange(assigned.CountBy(each => each.Prefill.Worker).Max(each => each.Value), 30, 45);
        Assert.InRange(assigned.CountBy(each => each.Decode.Worker).Max(each => each.Value), 30, 31);
    }

    [Fact]
    public void What_a_worker_had_does_not_count_for_one_that_begins_again_or_reports_that_it_is_gone()
    {
        ReportAll(cachedPages: 1000);
        var first = Assign(Blocks(1, 10));
        _table.Release(first.Attempt);
        Assert.Equal(10, _table.PrefixBlocks);

        Report(first.Prefill.Worker.Value, cachedPages: 0);   // Its cache was flushed.
        Assert.Equal(10, _table.PrefixBlocks);                // The decode worker's.
        _actors.Remove(first.Decode.Worker.Value);
        Report(first.Decode.Worker.Value, cachedPages: 1000); // Another process of that name.

        Assert.Equal(0, _table.PrefixBlocks);
        _table.Release(Assign(Blocks(1, 10)).Attempt);
        Assert.Equal(0, _table.PrefixTokens);
    }

    [Fact]
    public void A_worker_that_is_lost_takes_what_it_had_with_it_and_learns_nothing_more()
    {
        ReportAll(cachedPages: 1000);
        var first = Assign(Blocks(1, 10));

        Assert.True(_table.Remove(_actors[first.Prefill.Worker.Value]));
        Assert.True(_table.Remove(_actors[first.Decode.Worker.Value]));
        _table.NoteHeld(first.Attempt, Blocks(1, 12));

        Assert.Equal(0, _table.PrefixBlocks);
    }

    [Fact]
    public void Without_blocks_it_is_by_load_alone()
    {
        var table = new WorkerTable(TimeSpan.FromSeconds(10), new PrefixRoutingOptions { BlockTokens = 0 });
        foreach (var (name, role) in Workers) table.Apply(new RouterProtocol.WorkerReport(new WorkerId(name), role, CreateTestProbe().Ref, 0, 0), TimeSpan.Zero);

        var chosen = Enumerable.Range(0, 10).Select(i => table.TryAssign(Request(Blocks(1, 10), null), TimeSpan.Zero)!.Prefill.Worker).ToList();

        Assert.All(chosen.CountBy(worker => worker), pair => Assert.Equal(5, pair.Value));
        Assert.Equal((0, 0), (table.PrefixBlocks, table.PrefixTokens));
    }

    private static readonly (string Name, WorkerRole Role)[] Workers =
        [("prefill-0", WorkerRole.Prefill), ("prefill-1", WorkerRole.Prefill), ("decode-0", WorkerRole.Decode), ("decode-1", WorkerRole.Decode)];

    private static ImmutableArray<ulong> Blocks(int prompt, int count) => [.. Enumerable.Range(0, count).Select(i => (ulong)(1000 * prompt + i))];

    private void ReportAll(int cachedPages)
    {
        foreach (var (name, _) in Workers) Report(name, cachedPages);
    }

    private void Report(string name, int cachedPages)
    {
        if (!_actors.TryGetValue(name, out var actor)) actor = _actors[name] = CreateTestProbe().Ref;
        var role = Workers.Single(worker => worker.Name == name).Role;
        _table.Apply(new RouterProtocol.WorkerReport(new WorkerId(name), role, actor, 0, 0, Pages) { CachedPages = cachedPages }, TimeSpan.Zero);
    }

    private RouterProtocol.Assigned Assign(ImmutableArray<ulong> blocks, string? exclude = null) => _table.TryAssign(Request(blocks, exclude), TimeSpan.Zero)!;

    private RouterProtocol.Assign Request(ImmutableArray<ulong> blocks, string? exclude) =>
        new(new AttemptId(new RequestId($"r{++_lastRequest}"), 0), blocks.Length * BlockTokens, [], exclude is null ? [] : [new WorkerId(exclude)]) { Blocks = blocks };
}
