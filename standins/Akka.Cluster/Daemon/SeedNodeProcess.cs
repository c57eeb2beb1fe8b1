using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

/// <summary>
/// Finds a seed node that is in a cluster, and has its parent join there. The first of the seed nodes, and only it, begins a
/// cluster of its own if none answers in time, or all say that they are in none: two could make two clusters.
/// </summary>
internal sealed class SeedNodeProcess : UntypedActor, IWithTimers
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Address _self;
    private readonly ImmutableHashSet<Address> _others;
    private readonly TimeSpan _timeout;
    private readonly bool _isFirst;
    private ImmutableHashSet<Address> _silent;
    private bool _isDone;

    public SeedNodeProcess(Address self, ImmutableList<Address> seeds, TimeSpan timeout)
    {
        _self = self;
        _timeout = timeout;
        _isFirst = seeds[0].Equals(self);
        _others = _silent = [.. seeds.Where(seed => !seed.Equals(self))];
    }

    public ITimerScheduler Timers { get; set; }

    public static Props Props(Address self, ImmutableList<Address> seeds, TimeSpan timeout) =>
        Actor.Props.Create(() => new SeedNodeProcess(self, seeds, timeout));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(AskTick), AskTick.Instance, TimeSpan.Zero, AskInterval);
        Timers.StartPeriodicTimer(nameof(TimeIsUp), TimeIsUp.Instance, _timeout);
    }

    protected override void OnReceive(object message)
    {
        if (_isDone) return;
        switch (message)
        {
            case AskTick:
                foreach (var seed in _others) Context.ActorSelection(new RootActorPath(seed) / Context.Parent.Path.Elements).Tell(InitJoin.Instance, Self);
                break;
            case InitJoinAck ack:
                Join(ack.From);
                break;
            case InitJoinNack nack:
                _silent = _silent.Remove(nack.From);
                if (_isFirst && _silent.IsEmpty) Join(_self);
                break;
            case TimeIsUp when _isFirst:
                Join(_self);
                break;
            case TimeIsUp:
                _log.Warning("Couldn't join seed nodes within {0}, will try again. seed-nodes=[{1}]", _timeout, string.Join(", ", _others));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Join(Address address)
    {
        _isDone = true;
        Context.Parent.Tell(new JoinTo(address));
    }

    private sealed class AskTick
    {
        public static readonly AskTick Instance = new();
    }

    private sealed class TimeIsUp
    {
        public static readonly TimeIsUp Instance = new();
    }
}
