using Akka.Http.Dsl;

namespace Akka.Management.Dsl;

/// <summary>Adds routes to the management server. Made once a system, without arguments or with its <see cref="Actor.ExtendedActorSystem"/>.</summary>
public interface IManagementRouteProvider
{
    (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings);
}
