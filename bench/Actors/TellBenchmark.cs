using Akka.Actor;

namespace ActorInference.Bench.Actors;

/// <summary>Messages between two parties of one process.</summary>
internal static class TellBenchmark
{
    /// <summary>One sender outside of actors, one receiver, no answer until all have arrived.</summary>
    public static async Task<Measurement> OneWay(ActorSystem system, int messages, int rounds)
    {
        var receiver = system.ActorOf(Props.Create(() => new Counter()));
        var result = await Measurement.Rate("tell_one_way", "messages/s", messages, rounds, async () =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            receiver.Tell(new Begin(messages, done), ActorRefs.NoSender);
            for (var i = 0; i < messages; i++) receiver.Tell(Token.Instance, ActorRefs.NoSender);
            await done.Task;
        });
        await receiver.GracefulStop(TimeSpan.FromSeconds(10));
        return result;
    }

    /// <summary>Two actors and one message that goes back and forth; both ways count.</summary>
    public static async Task<Measurement> PingPong(ActorSystem system, int roundTrips, int rounds)
    {
        var pong = system.ActorOf(Props.Create(() => new Pong()));
        var ping = system.ActorOf(Props.Create(() => new Ping(pong)));
        var result = await Measurement.Rate("ping_pong_window_1", "messages/s", 2 * roundTrips, rounds, async () =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ping.Tell(new Begin(roundTrips, done), ActorRefs.NoSender);
            await done.Task;
        });
        await ping.GracefulStop(TimeSpan.FromSeconds(10));
        await pong.GracefulStop(TimeSpan.FromSeconds(10));
        return result;
    }

    private sealed record Begin(int Count, TaskCompletionSource Done);

    private sealed class Token
    {
        public static readonly Token Instance = new();
    }

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

    private sealed class Ping(IActorRef pong) : UntypedActor
    {
        private Begin? _round;
        private int _left;

        protected override void OnReceive(object message)
        {
            if (message is Begin begin)
            {
                _round = begin;
                _left = begin.Count;
                pong.Tell(Token.Instance, Self);
            }
            else if (--_left == 0)
            {
                _round!.Done.SetResult();
            }
            else
            {
                pong.Tell(message, Self);
            }
        }
    }

    private sealed class Pong : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
