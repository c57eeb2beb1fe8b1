using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary><c>GET /roles/workers</c>: the workers that the router knows, and how busy they are.</summary>
public sealed class RoleRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => [("/roles/workers", JsonRoute.Of(WorkersAsync))];

    private static async Task<JsonAnswer> WorkersAsync(ActorSystem system)
    {
        try
        {
            return new JsonAnswer(HttpStatusCode.OK, ManagementJson.Workers(await system.WorkersAsync()));
        }
        catch (WorkersUnknownException cause)
        {
            return new JsonAnswer(HttpStatusCode.ServiceUnavailable, ManagementJson.Error(cause.Message));
        }
    }
}
