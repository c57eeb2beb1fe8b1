using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Gateway;
using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.Roles.Tests.Testing;

/// <summary>Every role in one actor system, over scripted models that share a page pool.</summary>
internal sealed class ScriptedNode : IAsyncDisposable
{
    /// <summary>Without a cache a page that is used is held by somebody, which tests count.</summary>
    private const string Uncached =
        "actor-inference { prefill.prefix-cache.share = 0, decode.prefix-cache.share = 0, both.prefix-cache.share = 0, cache.l2.ratio = 0 }";

    /// <summary>Nobody is given up because the machine is busy: who is dead or hangs, the test says by shorter deadlines of its own.</summary>
    private const string Calm = """
        actor-inference {
          gateway { assign-deadline = 60s, reserve-deadline = 60s, first-page-deadline = 60s, stall-deadline = 60s, queue-deadline = 60s }
          router.worker-silence = 60s
          prefill.step-deadline = 60s, decode.step-deadline = 60s, both.step-deadline = 60s
        }
        """;

    private const string Quiet = """
        akka { loglevel = ERROR, stdout-loglevel = ERROR, log-dead-letters = off, log-dead-letters-during-shutdown = off }
        """;

    private readonly ConcurrentDictionary<WorkerId, Action<ScriptedRunner>> _scripts = [];
    private readonly ConcurrentDictionary<WorkerId, int> _starts = [];
    private readonly ActorSystem _system;
    private readonly int _workers;
    private readonly int _maxContext;

    public ScriptedNode(string settings = "", int pages = 256, int prefillWorkers = 1, int decodeWorkers = 1, int maxContext = 4096, int bothWorkers = 0)
    {
        Pool = ScriptedRunner.Pool(pages);
        _maxContext = maxContext;
        var config = ConfigurationFactory.ParseString(settings)
            .WithFallback(ConfigurationFactory.ParseString(Uncached))
            .WithFallback(ConfigurationFactory.ParseString(Calm))
            .WithFallback(ConfigurationFactory.ParseString(Quiet))
            .WithFallback(InferenceSettings.Reference);
        _system = ActorSystem.Create("scripted-node", config);
        var (gateway, router) = _system.StartInferenceNode(new InferenceNode
        {
            CreateRunner = CreateRunner,
            DevicePool = Pool,
            Roles = Roles(prefillWorkers, decodeWorkers, bothWorkers),
            PrefillWorkers = prefillWorkers,
            DecodeWorkers = decodeWorkers,
            BothWorkers = bothWorkers,
        });
        (Gateway, Router) = (gateway, router);
        Client = new GenerationClient(gateway, router);
        _workers = prefillWorkers + decodeWorkers + bothWorkers;
    }

    private static ImmutableSortedSet<NodeRole> Roles(int prefillWorkers, int decodeWorkers, int bothWorkers)
    {
        ImmutableSortedSet<NodeRole> roles = [NodeRole.Gateway];
        if (prefillWorkers > 0) roles = roles.Add(NodeRole.Prefill);
        if (decodeWorkers > 0) roles = roles.Add(NodeRole.Decode);
        return bothWorkers > 0 ? roles.Add(NodeRole.Both) : roles;
    }

    public KvPagePool Pool { get; }

    public ActorSystem System => _system;

    public IActorRef Gateway { get; }

    public IActorRef Router { get; }

    public GenerationClient Client { get; }

    public static ImmutableArray<int> Prompt(int length, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(64))];
    }

    public static GenerationRequest Request(ImmutableArray<int> prompt, int newTokens) =>
        new(RequestId.New(), prompt, new SamplingOptions { MaxNewTokens = newTokens, Temperature = 0 });

    /// <summary>How often a worker's runner was made.</summary>
    public int Starts(string worker) => _starts.GetValueOrDefault(new WorkerId(worker));

    /// <summary>Runs on each runner that is made for a worker from now on.</summary>
    public void Script(string worker, Action<ScriptedRunner> script) => _scripts[new WorkerId(worker)] = script;

    /// <summary>Fails, once, the first step of a worker for which the condition holds.</summary>
    /// <returns>Completes when it has failed.</returns>
    public Task FailOnceWhen(string worker, Func<bool> condition, Exception? failure = null)
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Script(worker, runner => runner.BeforeForward = _ =>
        {
            if (failed.Task.IsCompleted || !condition()) return;
            failed.TrySetResult();
            throw failure ?? new InvalidOperationException("The device is gone.");
        });
        return failed.Task;
    }

    /// <summary>The role actor of a worker, under its supervisor.</summary>
    public async Task<IActorRef> RoleActorAsync(string worker)
    {
        IActorRef? found = null;
        await Deadline.UntilAsync(() => (found = TryResolve($"/user/{worker}/{worker}")) is not null, () => $"{worker} runs");
        return found!;
    }

    public async Task<WorkerProtocol.Status> StatusAsync(string worker) =>
        await (await RoleActorAsync(worker)).Ask<WorkerProtocol.Status>(WorkerProtocol.GetStatus.Instance, Deadline.Limit);

    /// <summary>Waits until the router knows every worker, which matters where one alone could take all.</summary>
    public async Task AllServingAsync()
    {
        var known = 0;
        await Deadline.UntilAsync(
            () => (known = Router.Ask<RouterProtocol.Workers>(RouterProtocol.GetWorkers.Instance, Deadline.Limit).GetAwaiter().GetResult().Reports.Length) == _workers,
            () => $"the router knows {_workers} workers; it knows {known}");
    }

    /// <summary>Runs a generation to its end.</summary>
    public async Task<Outcome> RunAsync(GenerationRequest request, Action<TokenGenerated>? onToken = null, CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline.Limit);
        var tokens = new List<TokenGenerated>();
        await foreach (var update in Client.GenerateAsync(request, deadline.Token))
        {
            if (update is not TokenGenerated token) return new Outcome(tokens, update);
            tokens.Add(token);
            onToken?.Invoke(token);
        }

        throw new InvalidOperationException("The generation ended without saying how.");
    }

    public Task AllPagesBackAsync() =>
        Deadline.UntilAsync(() => Pool.UsedPages == 0, () => $"all pages are back; {Pool.UsedPages} of {Pool.CapacityPages} are used");

    public async ValueTask DisposeAsync()
    {
        await Deadline.OnAsync(_system.Terminate());
        Pool.Dispose();
    }

    private ScriptedRunner CreateRunner(WorkerId worker)
    {
        _starts.AddOrUpdate(worker, 1, (_, starts) => starts + 1);
        var runner = new ScriptedRunner(Pool, maxContextTokens: _maxContext);
        // A hook of its own for each call, so that a script set later reaches runners made before.
        runner.BeforeForward = batch =>
        {
            if (!_scripts.TryGetValue(worker, out var script)) return;
            var scripted = new ScriptedRunner(Pool);
            script(scripted);
            scripted.BeforeForward?.Invoke(batch);
        };
        return runner;
    }

    private IActorRef? TryResolve(string path)
    {
        try
        {
            return _system.ActorSelection(path).ResolveOne(TimeSpan.FromMilliseconds(200)).GetAwaiter().GetResult();
        }
        catch (ActorNotFoundException)
        {
            return null;
        }
    }
}

/// <summary>A generation that has ended.</summary>
internal sealed record Outcome(IReadOnlyList<TokenGenerated> Tokens, GenerationUpdate End)
{
    public GenerationFinished Finished => Assert.IsType<GenerationFinished>(End);

    public GenerationFailed Failed => Assert.IsType<GenerationFailed>(End);

    /// <summary>Fails unless every token came, in order, once, and is what the model says without workers and pages.</summary>
    public void AssertIs(GenerationRequest request)
    {
        Assert.True(End is GenerationFinished, $"{End}");
        Assert.Equal(Enumerable.Range(0, Tokens.Count), Tokens.Select(token => token.Index));
        Assert.Equal(ScriptedRunner.Continue([.. request.PromptIds], request.Sampling.MaxNewTokens), Tokens.Select(token => token.TokenId));
    }
}
