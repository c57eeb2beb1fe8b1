using ActorInference.Roles.Agents;
using Akka.Actor;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Tells the fleet again and again that an agent is there, and what groups have of its host.</summary>
public sealed class AgentBeacon : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public AgentBeacon(AgentOptions options, IActorRef agent, IActorRef fleet)
    {
        var address = ((ExtendedActorSystem)Context.System).Provider.DefaultAddress;
        var present = new FleetProtocol.AgentIsThere(options.Node, options.Address, agent.Path.ToStringWithAddress(address), options.Topology, Interval);
        Receive<Shine>(_ => agent.Tell(NodeAgentActor.GetShares.Instance));
        Receive<NodeAgentActor.Shares>(shares => fleet.Tell(present with { Taken = shares.All }));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(AgentOptions options, IActorRef agent, IActorRef fleet) => Akka.Actor.Props.Create(() => new AgentBeacon(options, agent, fleet));

    protected override void PreStart()
    {
        Self.Tell(Shine.Instance);
        Timers.StartPeriodicTimer(nameof(Shine), Shine.Instance, Interval);
    }

    private sealed record Shine
    {
        public static readonly Shine Instance = new();
    }
}
