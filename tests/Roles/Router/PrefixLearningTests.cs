using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Router;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Router;

/// <summary>A router learns what workers have cached from themselves.</summary>
public sealed class PrefixLearningTests : TestKit
{
    private const int BlockTokens = 16;

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);
    private static readonly WorkerId Holder = new("prefill-1");

    private readonly WorkerTable _table = new(TimeSpan.FromHours(1), new PrefixRoutingOptions());
    private readonly Dictionary<WorkerId, IActorRef> _actors = [];
    private int _lastRequest;

    [Fact]
    public void A_prompt_goes_to_the_worker_that_says_it_has_it_until_that_says_it_has_not()
    {
        ReportAll(version: 3);
        var ask = _table.NextQuestion(Holder, TimeSpan.Zero)!.Value;
        Assert.Equal((_actors[Holder], new RouterProtocol.GetPrefixes(7, 0, 0)), ask);
        Assert.Null(_table.NextQuestion(Holder, TimeSpan.Zero));   // It is asked already.

        Assert.False(_table.Learn(new(Holder, 7, 0, 3, 3, false, Blocks(1, 5), [])));
        for (var i = 0; i < 6; i++) Assert.Equal(Holder, Assigned(Blocks(1, 5)));
        Assert.Null(_table.NextQuestion(Holder, Late));

        ReportAll(version: 5);
        Assert.Equal(new RouterProtocol.GetPrefixes(7, 3, 3), _table.NextQuestion(Holder, Late)!.Value.Question);
        _table.Learn(new(Holder, 7, 3, 5, 5, false, [], Blocks(1, 5)));

        Assert.NotEqual(Holder, Assigned(Blocks(1, 5)));
        Assert.Equal(6 * 5 * BlockTokens, _table.PrefixTokens);
    }

    [Fact]
    public void An_answer_that_did_not_come_is_asked_for_again_and_one_that_comes_late_is_passed_over()
    {
        ReportAll(version: 3);
        Assert.NotNull(_table.NextQuestion(Holder, TimeSpan.Zero));
        Assert.Null(_table.NextQuestion(Holder, TimeSpan.FromSeconds(1)));
        Assert.NotNull(_table.NextQuestion(Holder, Late));

        Assert.True(_table.Learn(new(Holder, 7, 0, 2, 3, false, Blocks(1, 2), [])));
        Assert.False(_table.Learn(new(Holder, 7, 0, 3, 3, false, Blocks(2, 2), [])));   // To the first question.

        Assert.Equal(2, _table.PrefixBlocks);
        Assert.Equal(new RouterProtocol.GetPrefixes(7, 2, 3), _table.NextQuestion(Holder, Late)!.Value.Question);
    }

    [Fact]
    public void What_a_worker_had_before_it_began_anew_is_forgotten()
    {
        ReportAll(version: 3);
        Assert.NotNull(_table.NextQuestion(Holder, TimeSpan.Zero));
        _table.Learn(new(Holder, 7, 0, 3, 3, false, Blocks(1, 5), []));

        Report(Holder, new(8, 1, BlockTokens));   // The same actor, and another cache.
        Assert.Equal(new RouterProtocol.GetPrefixes(8, 0, 0), _table.NextQuestion(Holder, Late)!.Value.Question);
        _table.Learn(new(Holder, 8, 0, 1, 1, true, Blocks(2, 1), []));

        Assert.Equal(1, _table.PrefixBlocks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    public void A_worker_that_names_other_blocks_is_not_asked(int blockTokens)
    {
        Report(Holder, blockTokens == 0 ? null : new(7, 3, blockTokens));

        Assert.Null(_table.NextQuestion(Holder, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_router_that_begins_anew_sends_a_prompt_where_its_pages_are_and_no_longer_when_they_are_gone()
    {
        const string settings = "actor-inference { prefill.prefix-cache.share = 0.5, router.prefix.block-tokens = 4 }";
        await using var node = new ScriptedNode(settings, prefillWorkers: 3, maxContext: 128);
        await node.AllServingAsync();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(41), 4);
        (await node.RunAsync(request)).AssertIs(request);
        var blocks = PrefixBlocks.Of(null, request.PromptIds.AsSpan(), 4);

        var anew = node.System.ActorOf(RouterActor.Props(new RouterOptions { Prefix = new PrefixRoutingOptions { BlockTokens = 4 } }), "another-router");
        await Deadline.UntilAsync(() => ReportAll(node, anew) is { Reports.Length: 4, PrefixBlocks: 10 }, () => $"the router knows all; it knows {ReportAll(node, anew)}");
        var holder = Assigned(anew, blocks);
        for (var i = 0; i < 5; i++) Assert.Equal(holder, Assigned(anew, blocks));

        await (await node.RoleActorAsync(holder.Value)).Ask<WorkerProtocol.CacheFlushed>(WorkerProtocol.FlushCache.Instance, Deadline.Limit);
        await Deadline.UntilAsync(
            () =>
            {
                ReportAll(node, anew);
                return Assigned(anew, blocks) != holder;
            },
            () => $"the router has learnt that {holder} has nothing");
    }

    /// <summary>Passes on what workers report to the node's router.</summary>
    /// <returns>What the other one knows.</returns>
    private static RouterProtocol.Workers ReportAll(ScriptedNode node, IActorRef router)
    {
        foreach (var report in Workers(node.Router).Reports) router.Tell(report);
        return Workers(router);
    }

    private static RouterProtocol.Workers Workers(IActorRef router) =>
        router.Ask<RouterProtocol.Workers>(RouterProtocol.GetWorkers.Instance, Deadline.Limit).GetAwaiter().GetResult();

    /// <summary>Where a prompt goes whose generation has nothing more to ask then.</summary>
    private WorkerId Assigned(IActorRef router, ImmutableArray<ulong> blocks)
    {
        var assign = new RouterProtocol.Assign(Attempt(), blocks.Length * 4, [], []) { Blocks = blocks };
        return router.Ask<RouterProtocol.Assigned>(assign, Deadline.Limit).GetAwaiter().GetResult().Prefill.Worker;
    }

    private static ImmutableArray<ulong> Blocks(int prompt, int count) => [.. Enumerable.Range(0, count).Select(i => (ulong)(1000 * prompt + i))];

    private AttemptId Attempt() => new(new RequestId($"r{++_lastRequest}"), 0);

    private void ReportAll(long version)
    {
        foreach (var worker in (ReadOnlySpan<string>)["prefill-0", "prefill-1", "prefill-2", "decode-0"])
            Report(new WorkerId(worker), worker == Holder.Value ? new(7, version, BlockTokens) : null);
    }

    private void Report(WorkerId worker, RouterProtocol.PrefixMark? mark)
    {
        if (!_actors.TryGetValue(worker, out var actor)) actor = _actors[worker] = CreateTestProbe().Ref;
        var role = worker.Value.StartsWith("prefill", StringComparison.Ordinal) ? WorkerRole.Prefill : WorkerRole.Decode;
        _table.Apply(new RouterProtocol.WorkerReport(worker, role, actor, 0, 0) { CachedPages = 1000, Prefixes = mark }, TimeSpan.Zero);
    }

    /// <summary>Where a prompt goes that ends at once.</summary>
    private WorkerId Assigned(ImmutableArray<ulong> blocks)
    {
        var assigned = _table.TryAssign(new RouterProtocol.Assign(Attempt(), blocks.Length * BlockTokens, [], []) { Blocks = blocks }, TimeSpan.Zero)!;
        _table.Release(assigned.Attempt);
        return assigned.Prefill.Worker;
    }
}
