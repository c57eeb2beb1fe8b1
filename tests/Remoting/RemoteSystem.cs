using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace ActorInference.Remoting.Tests;

/// <summary>A system that listens on a loopback port of its own, with a test kit on it.</summary>
public sealed class RemoteSystem : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RemoteSystem(ActorSystem system)
    {
        System = system;
        Kit = new TestKit(system);
    }

    public ActorSystem System { get; }

    public TestKit Kit { get; }

    public Address Address => ((ExtendedActorSystem)System).Provider.DefaultAddress;

    public static RemoteSystem Start(string name, string hocon = "", int port = 0) =>
        new(ActorSystem.Create(name, ConfigurationFactory.ParseString(hocon).WithFallback(Defaults(port))));

    public static Config Defaults(int port = 0) => ConfigurationFactory.ParseString($$"""
        akka {
          actor.provider = remote
          actor.serialization-settings.json.allowed-assemblies = ["ActorInference.Remoting.Tests"]
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]
          log-dead-letters = off
          logger-startup-timeout = 30s
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          test { single-expect-default = 60s, default-timeout = 60s, filter-leeway = 60s }
          remote {
            retry-gate-closed-for = 500ms
            dot-netty.tcp {
              hostname = "127.0.0.1"
              port = {{port}}
            }
          }
        }
        """);

    /// <summary>Whoever lives at a path of this system, as another sees it.</summary>
    public ActorSelection SelectFrom(RemoteSystem other, string path) => other.System.ActorSelection($"{Address}{path}");

    /// <summary>The reference that another system gets to an actor of this one.</summary>
    public async Task<IActorRef> ResolveFrom(RemoteSystem other, IActorRef actor) =>
        await SelectFrom(other, actor.Path.ToStringWithoutAddress()).ResolveOne(Patience);

    /// <summary>The first answer, asked for again while there is none, within the tests' patience.</summary>
    public static async Task<T> Eventually<T>(Func<Task<T>> ask)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception e) when (e is AskTimeoutException or ActorNotFoundException && DateTime.UtcNow < deadline)
            {
                // Not yet.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await System.Terminate().WaitAsync(Patience);
        Kit.Dispose();
    }
}
