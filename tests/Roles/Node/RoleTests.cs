using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;

namespace ActorInference.Roles.Tests.Node;

/// <summary>Workers of both roles, workers that change theirs, and workers that are spared.</summary>
public sealed class RoleTests
{
    [Fact]
    public async Task Workers_of_both_roles_give_what_the_model_says()
    {
        await using var node = new ScriptedNode(prefillWorkers: 0, decodeWorkers: 0, bothWorkers: 2, pages: 1024);
        await node.AllServingAsync();

        await RunAllAsync(node, Requests(12));

        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_of_both_roles_that_dies_costs_a_pause()
    {
        await using var node = new ScriptedNode(prefillWorkers: 0, decodeWorkers: 0, bothWorkers: 2, pages: 1024);
        await node.AllServingAsync();
        var steps = 0;
        var failed = node.FailOnceWhen("both-0", () => ++steps == 9);

        var outcomes = await RunAllAsync(node, Requests(12));

        await Deadline.OnAsync(failed);
        Assert.Contains(outcomes, outcome => outcome.Finished.Redispatches == 1);
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task Roles_change_under_load_and_nobody_notices()
    {
        await using var node = new ScriptedNode("actor-inference.engine { max-step-tokens = 16, step-target = 0 }", prefillWorkers: 2, decodeWorkers: 2, pages: 1024);
        await node.AllServingAsync();
        var switches = new (string Worker, WorkerRole Role)[]
        {
            ("prefill-1", WorkerRole.Decode), ("decode-0", WorkerRole.Both), ("prefill-1", WorkerRole.Prefill), ("decode-1", WorkerRole.Prefill), ("decode-0", WorkerRole.Decode),
        };
        var next = 0;
        var requests = Requests(30, newTokens: 60);

        var outcomes = await RunAllAsync(node, requests, token =>
        {
            if (token.Index % 10 != 5 || Interlocked.Increment(ref next) is var i && (i % 20 != 1 || i / 20 >= switches.Length)) return;
            var (worker, role) = switches[i / 20];
            node.RoleActorAsync(worker).GetAwaiter().GetResult().Tell(new WorkerProtocol.SetRole(role));
        });

        Assert.All(outcomes, outcome => Assert.Equal(0, outcome.Finished.Redispatches));
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_says_what_it_served_before_and_serves_from_now_on()
    {
        await using var node = new ScriptedNode(prefillWorkers: 1, decodeWorkers: 1);
        var worker = await node.RoleActorAsync("prefill-0");

        var set = await worker.Ask<WorkerProtocol.RoleSet>(new WorkerProtocol.SetRole(WorkerRole.Both), Deadline.Limit);

        Assert.Equal(new WorkerProtocol.RoleSet(new WorkerId("prefill-0"), WorkerRole.Both, WorkerRole.Prefill), set);
        await Deadline.UntilAsync(() => Reports(node).Any(report => report.Role == WorkerRole.Both), () => "the router knows");
        var request = ScriptedNode.Request(ScriptedNode.Prompt(30), 10);
        (await node.RunAsync(request)).AssertIs(request);
    }

    [Fact]
    public async Task A_drained_worker_finishes_what_it_has_and_gets_no_more()
    {
        await using var node = new ScriptedNode(decodeWorkers: 2, pages: 1024);
        await node.AllServingAsync();
        using var gate = new ManualResetEventSlim();
        node.Script("decode-0", runner => runner.BeforeForward = _ => gate.Wait(Deadline.Limit));
        var requests = Requests(6);
        var runs = requests.Select(request => Task.Run(() => node.RunAsync(request))).ToList();
        await Deadline.UntilAsync(() => Reports(node).Single(report => report.Worker.Value == "decode-0").Jobs > 0, () => "decode-0 has jobs");

        var drained = (await node.RoleActorAsync("decode-0")).Ask<WorkerProtocol.Drained>(new WorkerProtocol.Drain(Deadline.Limit), Deadline.Limit);
        await Deadline.UntilAsync(() => Reports(node).Single(report => report.Worker.Value == "decode-0").Draining, () => "the router knows");
        Assert.False(drained.IsCompleted);
        gate.Set();
        var outcomes = await Deadline.OnAsync(Task.WhenAll(runs));

        Assert.Equal(0, (await drained).HandedOver);
        for (var i = 0; i < requests.Count; i++) outcomes[i].AssertIs(requests[i]);
        Assert.All(outcomes, outcome => Assert.Equal(0, outcome.Finished.Redispatches));
        await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task What_a_drained_worker_cannot_finish_in_time_goes_on_elsewhere_and_it_can_come_back()
    {
        await using var node = new ScriptedNode(decodeWorkers: 2, pages: 1024, maxContext: 100_000);
        await node.AllServingAsync();
        var drain = 0;
        IReadOnlyList<Task<WorkerProtocol.Drained>> answers = [];
        var worker = await node.RoleActorAsync("decode-0");
        using var isDrained = new ManualResetEventSlim();
        // None of its sequences comes near its end before it has handed them over, however slow the worker's actor is beside its engine.
        node.Script("decode-0", runner => runner.BeforeForward = batch =>
        {
            if (Enumerable.Range(0, batch.Count).Any(i => batch.FirstPosition(i) >= 120)) isDrained.Wait(Deadline.Limit);
        });

        var outcomes = await RunAllAsync(node, Requests(4, newTokens: 400), token =>
        {
            if (token.Index != 20 || Interlocked.Exchange(ref drain, 1) != 0) return;
            var answer = worker.Ask<WorkerProtocol.Drained>(new WorkerProtocol.Drain(TimeSpan.Zero), Deadline.Limit);
            answers = [answer];
            answer.ContinueWith(_ => isDrained.Set(), TaskScheduler.Default);
        });

        var drained = await Deadline.OnAsync(answers.Single());
        Assert.Equal(outcomes.Count(outcome => outcome.Finished.Redispatches == 1), drained.HandedOver);
        await worker.Ask<WorkerProtocol.Resumed>(WorkerProtocol.Resume.Instance, Deadline.Limit);
        await Deadline.UntilAsync(() => Reports(node).All(report => !report.Draining), () => "it serves again");
        await node.AllPagesBackAsync();
    }

    private static List<GenerationRequest> Requests(int count, int newTokens = 40) =>
        [.. Enumerable.Range(0, count).Select(i => ScriptedNode.Request(ScriptedNode.Prompt(20 + 7 * i, seed: i), newTokens))];

    private static async Task<IReadOnlyList<Outcome>> RunAllAsync(ScriptedNode node, List<GenerationRequest> requests, Action<TokenGenerated>? onToken = null)
    {
        var outcomes = await Deadline.OnAsync(Task.WhenAll(requests.Select(request => Task.Run(() => node.RunAsync(request, onToken)))));
        for (var i = 0; i < requests.Count; i++) outcomes[i].AssertIs(requests[i]);
        return outcomes;
    }

    private static IReadOnlyList<RouterProtocol.WorkerReport> Reports(ScriptedNode node) =>
        node.Router.Ask<RouterProtocol.Workers>(RouterProtocol.GetWorkers.Instance, Deadline.Limit).GetAwaiter().GetResult().Reports;
}
