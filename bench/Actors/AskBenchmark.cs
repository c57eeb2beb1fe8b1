using Akka.Actor;

namespace ActorInference.Bench.Actors;

/// <summary>Questions from outside of actors.</summary>
internal static class AskBenchmark
{
    /// <summary>The next is asked when the last is answered.</summary>
    public static async Task<Measurement> Sequential(ActorSystem system, int asks, int rounds)
    {
        var echo = system.ActorOf(Props.Create(() => new Echo()));
        var result = await Measurement.Rate("ask_sequential", "asks/s", asks, rounds, async () =>
        {
            for (var i = 0; i < asks; i++) await echo.Ask<object>(Question, Timeout.InfiniteTimeSpan);
        });
        await echo.GracefulStop(TimeSpan.FromSeconds(10));
        return result;
    }

    private static readonly object Question = new();

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
