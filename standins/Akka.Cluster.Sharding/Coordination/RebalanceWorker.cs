using System.Collections.Immutable;
using Akka.Actor;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Coordination;

/// <summary>
/// Takes one shard off its region: all regions hold its messages first, then it is stopped. Tells the coordinator, its parent,
/// <see cref="RebalanceDone"/>. Orders that may have been lost are given again.
/// </summary>
internal sealed class RebalanceWorker : UntypedActor, IWithTimers
{
    private static readonly TimeSpan TellAgainAfter = TimeSpan.FromSeconds(1);

    private readonly string _shard;
    private readonly IActorRef _from;
    private readonly HashSet<IActorRef> _awaited;
    private readonly TimeSpan _timeout;

    public RebalanceWorker(string shard, IActorRef from, ImmutableHashSet<IActorRef> all, TuningParameters tuning)
    {
        _shard = shard;
        _from = from;
        _awaited = [.. all, from];
        _timeout = tuning.HandOffTimeout;
    }

    private enum Tick
    {
        TellAgain,
        Late,
    }

    public ITimerScheduler Timers { get; set; }

    public static Props Props(string shard, IActorRef from, ImmutableHashSet<IActorRef> all, TuningParameters tuning) =>
        Actor.Props.Create(() => new RebalanceWorker(shard, from, all, tuning));

    protected override void PreStart()
    {
        foreach (var region in _awaited) Context.Watch(region);
        Timers.StartPeriodicTimer(Tick.TellAgain, Tick.TellAgain, TellAgainAfter);
        // The shard itself ends what is late after the same time; its answer to that is to be heard still.
        Timers.StartSingleTimer(Tick.Late, Tick.Late, _timeout + TellAgainAfter + TellAgainAfter);
        TellAll();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BeginHandOffAck ack when ack.Shard == _shard:
                Heard(Sender);
                break;
            case ShardStopped stopped when stopped.Shard == _shard:
            case Terminated lost when lost.ActorRef.Equals(_from):
                Finish(hasStopped: true);
                break;
            case Terminated lost:
                Heard(lost.ActorRef);
                break;
            case Tick.TellAgain when _awaited.Count > 0:
                TellAll();
                break;
            case Tick.TellAgain:
                _from.Tell(new HandOff(_shard));
                break;
            case Tick.Late:
                Finish(hasStopped: false);
                break;
        }
    }

    private void TellAll()
    {
        foreach (var region in _awaited) region.Tell(new BeginHandOff(_shard));
    }

    private void Heard(IActorRef region)
    {
        if (_awaited.Remove(region) && _awaited.Count == 0) _from.Tell(new HandOff(_shard));
    }

    private void Finish(bool hasStopped)
    {
        Context.Parent.Tell(new RebalanceDone(_shard, hasStopped));
        Context.Stop(Self);
    }
}

/// <param name="HasStopped">False if it was not in time.</param>
internal sealed record RebalanceDone(string Shard, bool HasStopped) : INoSerializationVerificationNeeded;
