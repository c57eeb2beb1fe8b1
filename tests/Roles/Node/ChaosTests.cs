using ActorInference.Roles.Gateway;
using ActorInference.Roles.Tests.Testing;

namespace ActorInference.Roles.Tests.Node;

/// <summary>Everything at once, from a seed.</summary>
public sealed class ChaosTests
{
    private const int Generations = 60;

    /// <summary>For all of them together; each has <see cref="Deadline.Limit"/>.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_dies_or_leaves_every_other_generation_is_whole_and_every_page_comes_back(int seed)
    {
        var random = new Random(seed);
        await using var node = new ScriptedNode(
            "actor-inference { engine { max-step-tokens = 24, step-target = 0, max-sequences = 6 }, gateway.max-redispatches = 1000 }",
            pages: 96, prefillWorkers: 2, decodeWorkers: 2);
        var failures = new SharedRandom(seed);
        foreach (var worker in new[] { "prefill-0", "prefill-1", "decode-0", "decode-1" })
        {
            node.Script(worker, runner => runner.BeforeForward = _ =>
            {
                if (failures.Next(400) == 0) throw new InvalidOperationException("The device is gone.");
            });
        }

        var plans = Enumerable.Range(0, Generations).Select(i => new Plan(
            ScriptedNode.Request(ScriptedNode.Prompt(random.Next(1, 60), seed: seed * 1000 + i), random.Next(1, 60)),
            LeavesAfter: random.Next(4) == 0 ? random.Next(0, 20) : null)).ToList();
        var next = -1;
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < plans.Count; i = Interlocked.Increment(ref next)) await RunAsync(node, plans[i], seed);
        }));
        await Task.WhenAll(clients).WaitAsync(Patience);

        await node.AllPagesBackAsync();
    }

    private static async Task RunAsync(ScriptedNode node, Plan plan, int seed)
    {
        using var leave = new CancellationTokenSource();
        if (plan.LeavesAfter == 0) await leave.CancelAsync();
        try
        {
            var outcome = await node.RunAsync(plan.Request, token => { if (token.Index + 1 == plan.LeavesAfter) leave.Cancel(); }, leave.Token);
            Assert.True(outcome.End is GenerationFinished, $"Seed {seed}: {outcome.End}");
            outcome.AssertIs(plan.Request);
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            // It left, as planned.
        }
    }

    private sealed record Plan(GenerationRequest Request, int? LeavesAfter);

    private sealed class SharedRandom(int seed)
    {
        private readonly Random _random = new(seed);

        public int Next(int max)
        {
            lock (_random) return _random.Next(max);
        }
    }
}
