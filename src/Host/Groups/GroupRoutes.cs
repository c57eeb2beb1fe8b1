using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;

namespace ActorInference.Host.Groups;

/// <summary><c>/groups</c> and what is under it, <c>/objects</c>, <c>/policies</c>, <c>/manifests</c> and <c>/agents</c>: what `actorinference apply`, `get` and the others ask.</summary>
public sealed class GroupRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings)
    {
        var module = new GroupModule();
        return [("/groups", module), ("/groups/*", module), ("/agents", module), ("/objects/*", module), ("/policies", module), ("/policies/*", module), ("/manifests/*", module)];
    }
}
