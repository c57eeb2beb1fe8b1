using Akka.Actor;

namespace ActorInference.Bench.Actors;

/// <summary>What an actor costs that has nothing to do.</summary>
internal static class IdleActorBenchmark
{
    /// <summary>Managed bytes of all actors together, each with one handled message.</summary>
    public static async Task<Measurement> Memory(ActorSystem system, int actors)
    {
        await Identify(system.ActorOf(Props.Create(() => new Idle())));   // Its code is loaded before the measurement.
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var all = new IActorRef[actors];
        for (var i = 0; i < actors; i++) all[i] = system.ActorOf(Props.Create(() => new Idle()));
        foreach (var actor in all) await Identify(actor);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(all);
        foreach (var actor in all) actor.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        return new Measurement($"idle_actors_{actors}", bytes, bytes, "bytes");
    }

    private static Task<ActorIdentity> Identify(IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(10));

    private sealed class Idle : ReceiveActor
    {
        public Idle() => Receive<string>(text => Sender.Tell(text));
    }
}
