using System.Text.Json;
using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management.Dsl;
using Ceen;

namespace Akka.Management.Routes;

/// <summary><c>GET /remote/address</c>: where the actor system is reached by others.</summary>
public class AddressRouteProvider : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => [("/remote/address", new AddressRoute())];

    private sealed class AddressRoute : HttpModuleBase
    {
        public override async Task<bool> HandleAsync(IAkkaHttpContext context)
        {
            if (context.HttpContext.Request.Method != "GET") return false;
            var address = ((ExtendedActorSystem)context.ActorSystem).Provider.DefaultAddress;
            var response = context.HttpContext.Response;
            if (address.HasGlobalScope)
            {
                await response.WriteAllJsonAsync(JsonSerializer.Serialize(new { Address = address.ToString() })).ConfigureAwait(false);
                return true;
            }

            response.StatusCode = HttpStatusCode.ServiceUnavailable;
            var error = new { error = new { reason = "not available", message = "Remoting is not available" }, code = 503, message = "Service unavailable" };
            await response.WriteAllJsonAsync(JsonSerializer.Serialize(error)).ConfigureAwait(false);
            return true;
        }
    }
}
