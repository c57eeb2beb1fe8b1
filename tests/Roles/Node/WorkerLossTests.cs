using ActorInference.Roles.Gateway;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;

namespace ActorInference.Roles.Tests.Node;

/// <summary>Workers die; generations don't.</summary>
public sealed class WorkerLossTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(50, 30)]
    [InlineData(700, 5)]
    public async Task A_generation_gives_what_the_model_says(int promptTokens, int newTokens)
    {
        await using var node = new ScriptedNode();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(promptTokens), newTokens);

        var outcome = await node.RunAsync(request);

        outcome.AssertIs(request);
        Assert.Equal(0, outcome.Finished.Redispatches);
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task The_stream_goes_on_without_gap_or_repeat_when_the_decode_gpu_worker_dies()
    {
        await using var node = new ScriptedNode();
        var request = ScriptedNode.Request(ScriptedNode.Prompt(40), 30);
        var steps = 0;
        var failed = node.FailOnceWhen("decode-0", () => ++steps == 5);

        var outcome = await node.RunAsync(request);

        await Deadline.OnAsync(failed);
        outcome.AssertIs(request);
        Assert.Equal(1, outcome.Finished.Redispatches);
        Assert.Equal(2, node.Starts("decode-0"));
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task The_prompt_is_processed_again_when_the_prefill_gpu_worker_dies_in_the_midst_of_it()
    {
        await using var node = new ScriptedNode("actor-inference.engine { max-step-tokens = 16, step-target = 0 }");
        var request = ScriptedNode.Request(ScriptedNode.Prompt(200), 10);
        var steps = 0;
        var failed = node.FailOnceWhen("prefill-0", () => ++steps == 5);

        var outcome = await node.RunAsync(request);

        await Deadline.OnAsync(failed);
        outcome.AssertIs(request);
        Assert.Equal(1, outcome.Finished.Redispatches);
        await node.AllPagesBackAsync();
    }

    [Theory]
    [InlineData("prefill-0")]
    [InlineData("decode-0")]
    public async Task Generations_move_to_another_worker_when_a_role_actor_is_killed(string worker)
    {
        await using var node = new ScriptedNode("actor-inference.engine { max-step-tokens = 16, step-target = 0 }", prefillWorkers: 2, decodeWorkers: 2, pages: 1024);
        await node.AllServingAsync();
        var requests = Enumerable.Range(0, 8).Select(i => ScriptedNode.Request(ScriptedNode.Prompt(60 + i, seed: i), 200)).ToList();
        var victim = await node.RoleActorAsync(worker);
        var killed = 0;

        var outcomes = await Task.WhenAll(requests.Select(request => Task.Run(() => node.RunAsync(request, token =>
        {
            if (token.Index == 3 && Interlocked.Exchange(ref killed, 1) == 0) victim.Tell(Kill.Instance);
        }))));

        for (var i = 0; i < requests.Count; i++) outcomes[i].AssertIs(requests[i]);
        Assert.NotEqual(victim, await NewRoleActorAsync(node, worker, victim));
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_batch_that_the_runner_refuses_costs_nobody_else_anything()
    {
        await using var node = new ScriptedNode();
        var requests = Enumerable.Range(0, 6).Select(i => ScriptedNode.Request(ScriptedNode.Prompt(20, seed: i), 40)).ToList();
        var steps = 0;
        var failed = node.FailOnceWhen("decode-0", () => ++steps == 12, new ArgumentException("A shape disagrees."));

        var outcomes = await Task.WhenAll(requests.Select(request => Task.Run(() => node.RunAsync(request))));

        await Deadline.OnAsync(failed);
        Assert.Equal(1, node.Starts("decode-0"));
        // Alone in its batch the sequence is at fault itself; otherwise it is cleared by running alone.
        foreach (var (request, outcome) in requests.Zip(outcomes))
        {
            if (outcome.End is GenerationFailed) continue;
            outcome.AssertIs(request);
            Assert.Equal(0, outcome.Finished.Redispatches);
        }

        Assert.True(outcomes.Count(outcome => outcome.End is GenerationFailed) <= 1);
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_that_gives_no_sign_is_replaced_by_another()
    {
        await using var node = new ScriptedNode("actor-inference { gateway.stall-deadline = 3s, decode.step-deadline = 3s }", decodeWorkers: 2);
        await node.AllServingAsync();
        using var release = new ManualResetEventSlim();
        var stuck = 0;
        foreach (var worker in new[] { "decode-0", "decode-1" })
        {
            node.Script(worker, runner => runner.BeforeForward = _ =>
            {
                if (Interlocked.Exchange(ref stuck, 1) == 0) release.Wait(Deadline.Limit);
            });
        }

        var request = ScriptedNode.Request(ScriptedNode.Prompt(20), 10);
        var outcome = await node.RunAsync(request);
        release.Set();

        outcome.AssertIs(request);
        Assert.Equal(1, outcome.Finished.Redispatches);
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_that_always_fails_ends_the_generation_with_an_error()
    {
        await using var node = new ScriptedNode("actor-inference.gateway.max-redispatches = 2");
        node.Script("decode-0", runner => runner.BeforeForward = _ => throw new InvalidOperationException("The device is gone."));

        var outcome = await node.RunAsync(ScriptedNode.Request(ScriptedNode.Prompt(20), 10));

        Assert.Equal(GenerationError.Unavailable, outcome.Failed.Error);
        Assert.Contains("decode-0", outcome.Failed.Message);
        await node.AllPagesBackAsync();
    }

    private static async Task<IActorRef> NewRoleActorAsync(ScriptedNode node, string worker, IActorRef old)
    {
        var found = old;
        await Deadline.UntilAsync(
            () => !(found = node.RoleActorAsync(worker).GetAwaiter().GetResult()).Equals(old), () => $"{worker} is begun again");
        return found;
    }
}
