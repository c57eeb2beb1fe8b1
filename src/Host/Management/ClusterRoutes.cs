using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary>
/// <c>/cluster/members</c>: the members of the cluster as this node sees them; POST lets this node join one. PUT to
/// <c>/cluster/members/ADDRESS</c> sends a member away. <c>/cluster/shards/TYPE</c>: where the entities of a type are.
/// </summary>
public sealed class ClusterRoutes : IManagementRouteProvider
{
    private const string MembersPath = "/cluster/members";
    private const string ShardsPath = "/cluster/shards";

    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) =>
    [
        (MembersPath, JsonRoute.Of(MembersAsync, settings.ReadOnly).With("POST", JoinAsync)),
        (MembersPath + "/*", JsonRoute.Changes(settings.ReadOnly).With("PUT", ChangeAsync)),
        (ShardsPath, JsonRoute.Of(TypesAsync)),
        (ShardsPath + "/*", JsonRoute.Of(ShardsAsync, settings.ReadOnly)),
    ];

    private static Task<JsonAnswer> MembersAsync(RouteCall call) => Task.FromResult(ClusterView.Of(call.System) is { } view
        ? new JsonAnswer(HttpStatusCode.OK, ManagementJson.Members(view))
        : JsonAnswer.Error(HttpStatusCode.NotFound, ClusterView.NoCluster));

    private static async Task<JsonAnswer> JoinAsync(RouteCall call) => Answer(ClusterOrders.Join(call.System, await call.TextFieldAsync("address")));

    private static async Task<JsonAnswer> ChangeAsync(RouteCall call)
    {
        var member = call.After(MembersPath + "/");
        var operation = await call.TextFieldAsync("operation");
        return operation.ToLowerInvariant() switch
        {
            "leave" => Answer(ClusterOrders.Leave(call.System, member)),
            "down" => Answer(ClusterOrders.Down(call.System, member)),
            _ => throw new BadCallException($"operation is '{operation}'; expected leave or down."),
        };
    }

    private static Task<JsonAnswer> TypesAsync(ActorSystem system) => Task.FromResult(ClusterView.IsMember(system)
        ? new JsonAnswer(HttpStatusCode.OK, ManagementJson.ShardTypes(ShardsView.TypesOf(system)))
        : JsonAnswer.Error(HttpStatusCode.NotFound, ClusterView.NoCluster));

    private static async Task<JsonAnswer> ShardsAsync(RouteCall call)
    {
        try
        {
            return new JsonAnswer(HttpStatusCode.OK, ManagementJson.Shards(await ShardsView.OfAsync(call.System, call.After(ShardsPath + "/"))));
        }
        catch (ShardsUnknownException cause)
        {
            return JsonAnswer.Error(cause.IsTypeUnknown ? HttpStatusCode.NotFound : HttpStatusCode.ServiceUnavailable, cause.Message);
        }
    }

    private static JsonAnswer Answer(OrderOutcome outcome) => outcome.Result switch
    {
        OrderResult.Accepted => new JsonAnswer(HttpStatusCode.Accepted, ManagementJson.Message(outcome.Text)),
        OrderResult.Malformed => JsonAnswer.Error(HttpStatusCode.BadRequest, outcome.Text),
        OrderResult.NotFound => JsonAnswer.Error(HttpStatusCode.NotFound, outcome.Text),
        _ => JsonAnswer.Error(HttpStatusCode.Conflict, outcome.Text),
    };
}
