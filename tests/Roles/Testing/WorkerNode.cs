using System.Net;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;

namespace ActorInference.Roles.Tests.Testing;

/// <summary>A node of a cluster in this process, with a pool of its own as if it were another one.</summary>
internal sealed class WorkerNode : IAsyncDisposable
{
    public const int PageSizeTokens = 4;

    private readonly KvPagePool _pool = ScriptedRunner.Pool(64, PageSizeTokens);
    private readonly PageExchange _exchange;
    private readonly ActorSystem _system;
    private readonly WorkerRole _role;
    private int _computedTokens;

    /// <param name="role">What its one worker does.</param>
    /// <param name="settings">Above the defaults.</param>
    public WorkerNode(WorkerRole role, string settings = "")
    {
        _role = role;
        _exchange = new PageExchange(_pool, IPAddress.Loopback, "127.0.0.1", port: 0, new PageFetcherOptions());
        _system = CreateSystem(role.Name(), settings);
    }

    public WorkerId Worker => new($"{InferenceNode.NameOf(_role, 0)}@127.0.0.1:{Cluster.Get(_system).SelfAddress.Port}");

    public Address Address => Cluster.Get(_system).SelfAddress;

    /// <summary>By its worker, all in all.</summary>
    public int ComputedTokens => Volatile.Read(ref _computedTokens);

    /// <summary>Joins a cluster and begins the worker.</summary>
    /// <param name="seed">Of the cluster.</param>
    /// <param name="beforeWork">As <see cref="InferenceNode.BeforeWork"/>.</param>
    public void Start(Address seed, Func<Task>? beforeWork = null)
    {
        Cluster.Get(_system).Join(seed);
        _system.StartInferenceNode(new InferenceNode
        {
            CreateRunner = _ => new ScriptedRunner(_pool, maxContextTokens: 64) { BeforeForward = batch => Interlocked.Add(ref _computedTokens, batch.TokenCount) },
            DevicePool = _pool,
            Roles = [Enum.Parse<NodeRole>(_role.ToString())],
            Exchange = _exchange,
            BeforeWork = beforeWork is null ? null : (_, _) => beforeWork(),
        });
    }

    public static ActorSystem CreateSystem(string role, string settings = "") => ActorSystem.Create("workers", ConfigurationFactory.ParseString(settings)
        .WithFallback(ConfigurationFactory.ParseString($$"""
            akka {
              actor.provider = cluster
              loglevel = WARNING
              stdout-loglevel = OFF
              loggers = []
              log-dead-letters = off
              coordinated-shutdown { run-by-clr-shutdown-hook = off, run-by-actor-system-terminate = off }
              remote { log-remote-lifecycle-events = off, dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
              cluster { roles = [{{role}}], log-info = off, gossip-interval = 100ms, leader-actions-interval = 100ms, periodic-tasks-initial-delay = 100ms }
            }
            actor-inference { cache.l2.ratio = 0, prefill.rehearsal-deadline = 1h, decode.rehearsal-deadline = 1h }
            """))
        .WithFallback(InferenceSettings.Reference));

    /// <summary>Until routers may give it work, if there are any.</summary>
    public async Task ReadyAsync()
    {
        var worker = _system.ActorSelection($"/user/{InferenceNode.NameOf(_role, 0)}");
        using var deadline = new CancellationTokenSource(Deadline.Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!(await worker.Ask<WorkerProtocol.Status>(WorkerProtocol.GetStatus.Instance, Deadline.Limit)).IsReady) await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>Also of its cache: there is nobody else.</summary>
    public Task AllPagesBackAsync() => Deadline.UntilAsync(() => _pool.UsedPages == 0, () => $"all pages are back; {_pool.UsedPages} are used");

    public async ValueTask DisposeAsync()
    {
        await Deadline.OnAsync(_system.Terminate());
        await _exchange.DisposeAsync();
        _pool.Dispose();
    }
}
