using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.Management.Tests;

/// <summary>An actor system that ends with its test.</summary>
internal sealed class TestSystem : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public TestSystem(string hocon = "") => System = ActorSystem.Create("management-tests", ConfigurationFactory.ParseString(hocon)
        .WithFallback("akka { loglevel = WARNING, stdout-loglevel = ERROR, log-dead-letters = off, log-dead-letters-during-shutdown = off }"));

    public ActorSystem System { get; }

    public async ValueTask DisposeAsync() => await System.Terminate().WaitAsync(Limit);
}
