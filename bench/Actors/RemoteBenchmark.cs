using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.Bench.Actors;

/// <summary>Two systems of this process, over loopback TCP.</summary>
internal static class RemoteBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<Measurement[]> Run()
    {
        var near = Start("near");
        var far = Start("far");
        Measurement[] measurements =
        [
            await OneWay(near, far, "remote_one_way_100", payloadBytes: 100, messages: 500_000, rounds: 7),
            await OneWay(near, far, "remote_one_way_64k", payloadBytes: 64 * 1024, messages: 20_000, rounds: 7),
            await OneWay(near, far, "remote_one_way_1m", payloadBytes: 1024 * 1024, messages: 1_000, rounds: 7),
            await Ask(near, far, "remote_ask_sequential", inFlight: 1, asks: 10_000, rounds: 7),
            await Ask(near, far, "remote_ask_64", inFlight: 64, asks: 100_000, rounds: 7),
        ];
        await near.Terminate();
        await far.Terminate();
        return measurements;
    }

    private static ActorSystem Start(string name) => ActorSystem.Create(name, ConfigurationFactory.ParseString("""
        akka.loglevel = WARNING
        akka.actor.provider = remote
        akka.remote.log-buffer-size-exceeding = 100000000
        akka.remote.dot-netty.tcp {
          hostname = "127.0.0.1"
          port = 0
          maximum-frame-size = 4 MiB
        }
        """));

    /// <summary>The same bytes again and again, no answer until all have arrived.</summary>
    private static async Task<Measurement> OneWay(ActorSystem near, ActorSystem far, string name, int payloadBytes, int messages, int rounds)
    {
        var counter = far.ActorOf(Props.Create(() => new Counter()));
        var remote = await ResolveAsync(near, far, counter);
        var payload = new byte[payloadBytes];
        var result = await Measurement.Rate(name, "messages/s", messages, rounds, async () =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            counter.Tell(new Begin(messages, done), ActorRefs.NoSender);
            for (var i = 0; i < messages; i++) remote.Tell(payload, ActorRefs.NoSender);
            await done.Task.WaitAsync(Patience);
        });
        await counter.GracefulStop(Patience);
        return result;
    }

    /// <summary>Questions that are answered at once, so many of them open at any time.</summary>
    private static async Task<Measurement> Ask(ActorSystem near, ActorSystem far, string name, int inFlight, int asks, int rounds)
    {
        var echo = far.ActorOf(Props.Create(() => new Echo()));
        var remote = await ResolveAsync(near, far, echo);
        var result = await Measurement.Rate(name, "asks/s", asks, rounds, () => Task.WhenAll(Enumerable.Range(0, inFlight).Select(async _ =>
        {
            for (var i = 0; i < asks / inFlight; i++) await remote.Ask<string>("question", Patience);
        })));
        await echo.GracefulStop(Patience);
        return result;
    }

    private static Task<IActorRef> ResolveAsync(ActorSystem near, ActorSystem far, IActorRef actor)
    {
        var address = ((ExtendedActorSystem)far).Provider.DefaultAddress;
        return near.ActorSelection($"{address}{actor.Path.ToStringWithoutAddress()}").ResolveOne(Patience);
    }

    private sealed record Begin(int Count, TaskCompletionSource Done);

    private sealed class Counter : UntypedActor
    {
        private Begin? _round;
        private int _left;

        protected override void OnReceive(object message)
        {
            if (message is Begin begin)
            {
                _round = begin;
                _left = begin.Count;
            }
            else if (--_left == 0)
            {
                _round!.Done.SetResult();
            }
        }
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
