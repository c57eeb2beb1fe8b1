using ActorInference.Actors.Ids;
using ActorInference.Actors.Supervision;
using Akka.Actor;

namespace ActorInference.Roles.Gateway;

/// <summary>Runs a <see cref="GenerationActor"/> for each request of its process.</summary>
public sealed class GatewayActor : ReceiveActor
{
    private readonly IActorRef _router;
    private readonly GenerationOptions _options;
    private readonly Dictionary<RequestId, IActorRef> _generations = [];
    private readonly Dictionary<IActorRef, RequestId> _requests = [];

    public GatewayActor(IActorRef router, GenerationOptions options)
    {
        (_router, _options) = (router, options);
        Receive<GatewayProtocol.Generate>(Begin);
        Receive<GatewayProtocol.Cancel>(cancel =>
        {
            if (_generations.TryGetValue(cancel.Request, out var generation)) generation.Tell(cancel);
        });
        Receive<Terminated>(terminated =>
        {
            if (_requests.Remove(terminated.ActorRef, out var request)) _generations.Remove(request);
        });
    }

    public static Props Props(IActorRef router, GenerationOptions options) => Akka.Actor.Props.Create(() => new GatewayActor(router, options));

    protected override SupervisorStrategy SupervisorStrategy() => SupervisionStrategies.ForGenerations();

    private void Begin(GatewayProtocol.Generate message)
    {
        var id = message.Request.Id;
        if (_generations.ContainsKey(id))
        {
            Sender.Tell(new GatewayProtocol.Duplicate(id));
            return;
        }

        var generation = Context.Watch(Context.ActorOf(GenerationActor.Props(message.Request, message.Updates, _router, _options)));
        _generations.Add(id, generation);
        _requests.Add(generation, id);
        Sender.Tell(new GatewayProtocol.Accepted(id));
    }
}
