using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary><c>GET /alive</c>: whether the process should live on. <c>GET /ready</c>: whether it should be given requests.</summary>
public sealed class HealthRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) =>
        [("/alive", new JsonRoute(AliveAsync)), ("/ready", new JsonRoute(ReadyAsync))];

    private static Task<JsonAnswer> AliveAsync(ActorSystem system) => Task.FromResult(system.WhenTerminated.IsCompleted
        ? new JsonAnswer(HttpStatusCode.ServiceUnavailable, ManagementJson.Status("terminated", "The actor system has ended."))
        : new JsonAnswer(HttpStatusCode.OK, ManagementJson.Status("alive")));

    private static async Task<JsonAnswer> ReadyAsync(ActorSystem system)
    {
        if (CoordinatedShutdown.Get(system).ShutdownReason is not null) return NotReady("The node is shutting down.");
        try
        {
            var missing = (await system.WorkersAsync()).MissingRole();
            return missing is null
                ? new JsonAnswer(HttpStatusCode.OK, ManagementJson.Status("ready"))
                : NotReady($"There is no {missing.ToString()!.ToLowerInvariant()} worker.");
        }
        catch (WorkersUnknownException cause)
        {
            return NotReady(cause.Message);
        }
    }

    private static JsonAnswer NotReady(string reason) => new(HttpStatusCode.ServiceUnavailable, ManagementJson.Status("not ready", reason));
}
