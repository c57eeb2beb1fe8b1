using ActorInference.Actors.Protocols;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Tests.Testing;

namespace ActorInference.Roles.Tests.Node;

/// <summary>Clients leave, or there are too many of them.</summary>
public sealed class LeavingClientTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Pages_come_back_when_the_client_leaves(int afterTokens)
    {
        await using var node = new ScriptedNode();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(100), 500);
        using var leave = new CancellationTokenSource();
        // Not all tokens may be there before the client has left.
        using var left = new ManualResetEventSlim();
        var steps = 0;
        node.Script("decode-0", runner => runner.BeforeForward = _ =>
        {
            if (++steps > 20) left.Wait(Deadline.Limit);
        });
        if (afterTokens == 0) node.Script("prefill-0", runner => runner.BeforeForward = _ => leave.Cancel());

        var run = node.RunAsync(request, token => { if (token.Index + 1 == afterTokens) leave.Cancel(); }, leave.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Deadline.OnAsync(run));
        left.Set();
        await node.AllPagesBackAsync();
        await NoJobsAsync(node);
    }

    [Fact]
    public async Task An_enumeration_that_ends_early_cancels_its_generation()
    {
        await using var node = new ScriptedNode();
        await foreach (var update in node.Client.GenerateAsync(ScriptedNode.Request(ScriptedNode.Prompt(10), 2000), CancellationToken.None))
        {
            if (update is TokenGenerated { Index: 3 }) break;
        }

        await node.AllPagesBackAsync();
        await NoJobsAsync(node);
    }

    [Fact]
    public async Task More_generations_than_the_router_takes_are_refused_and_the_others_are_not_disturbed()
    {
        await using var node = new ScriptedNode("actor-inference.router.max-in-flight = 4");
        using var gate = new ManualResetEventSlim();
        node.Script("prefill-0", runner => runner.BeforeForward = _ => gate.Wait(Deadline.Limit));
        var requests = Enumerable.Range(0, 10).Select(i => ScriptedNode.Request(ScriptedNode.Prompt(10, seed: i), 5)).ToList();

        var runs = requests.Select(request => Task.Run(() => node.RunAsync(request))).ToList();
        await Deadline.UntilAsync(() => runs.Count(run => run.IsCompleted) == 6, () => "six are refused");
        gate.Set();
        var outcomes = await Deadline.OnAsync(Task.WhenAll(runs));

        Assert.Equal(6, outcomes.Count(outcome => outcome.End is GenerationFailed { Error: GenerationError.Overloaded }));
        foreach (var (request, outcome) in requests.Zip(outcomes).Where(pair => pair.Second.End is GenerationFinished)) outcome.AssertIs(request);
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_full_queue_sends_generations_to_another_worker_and_refuses_when_there_is_none()
    {
        await using var node = new ScriptedNode("actor-inference.decode.max-jobs = 3", decodeWorkers: 2);
        await node.AllServingAsync();
        using var gate = new ManualResetEventSlim();
        foreach (var worker in new[] { "decode-0", "decode-1" }) node.Script(worker, runner => runner.BeforeForward = _ => gate.Wait(Deadline.Limit));
        var requests = Enumerable.Range(0, 9).Select(i => ScriptedNode.Request(ScriptedNode.Prompt(10, seed: i), 5)).ToList();

        var runs = requests.Select(request => Task.Run(() => node.RunAsync(request))).ToList();
        await Deadline.UntilAsync(
            () => runs.Count(run => run.IsCompleted) == 3, () => $"three are refused, but {string.Join(", ", runs.Select(run => run.IsCompletedSuccessfully ? run.Result.End.ToString() : run.Status.ToString()))}");
        gate.Set();
        var outcomes = await Deadline.OnAsync(Task.WhenAll(runs));

        Assert.Equal(3, outcomes.Count(outcome => outcome.End is GenerationFailed { Error: GenerationError.Overloaded }));
        Assert.Equal(6, outcomes.Count(outcome => outcome.End is GenerationFinished));
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_rejected()
    {
        await using var node = new ScriptedNode(pages: 8);

        var outcome = await node.RunAsync(ScriptedNode.Request(ScriptedNode.Prompt(32), 1));

        Assert.Equal(GenerationError.InvalidRequest, outcome.Failed.Error);
        Assert.Contains("32 tokens", outcome.Failed.Message);
        await NoJobsAsync(node);
    }

    [Fact]
    public async Task An_id_that_is_in_use_is_rejected()
    {
        await using var node = new ScriptedNode();
        using var gate = new ManualResetEventSlim();
        node.Script("decode-0", runner => runner.BeforeForward = _ => gate.Wait(Deadline.Limit));
        var request = ScriptedNode.Request(ScriptedNode.Prompt(10), 3000);
        using var leave = new CancellationTokenSource();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = node.RunAsync(request, _ => started.TrySetResult(), leave.Token);
        await Deadline.OnAsync(started.Task);

        var second = await node.RunAsync(request);

        Assert.Equal(GenerationError.InvalidRequest, second.Failed.Error);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.Set();
        await node.AllPagesBackAsync();
    }

    private static async Task NoJobsAsync(ScriptedNode node)
    {
        foreach (var worker in new[] { "prefill-0", "decode-0" })
        {
            WorkerProtocol.Status? status = null;
            await Deadline.UntilAsync(
                () => (status = node.StatusAsync(worker).GetAwaiter().GetResult()).Jobs == 0, () => $"{worker} has no jobs: {status}");
        }
    }
}
