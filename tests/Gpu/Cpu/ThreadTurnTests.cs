using System.Globalization;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Tests.Cpu;

public sealed class ThreadTurnTests
{
    private const string Schedule = "/proc/thread-self/sched";

    [SkippableFact]
    public void A_thread_has_the_turn_that_it_took_and_those_that_it_begins_have_the_usual_one()
    {
        var (before, taken, during, ofChild) = (0.0, false, 0.0, 0.0);
        OnThread(() =>
        {
            before = Slice();
            taken = ThreadTurn.TryTake(TimeSpan.FromMilliseconds(20));
            Assert.Equal(taken ? TimeSpan.FromMilliseconds(20) : TimeSpan.Zero, ThreadTurn.Taken);
            during = Slice();
            OnThread(() => ofChild = Slice());
        });

        Skip.If(!taken || before == 0, "this system does not know of turns, or does not show them");
        Skip.If(during == before, "this system's threads have no turns of their own");
        Assert.Equal((20e6, before), (during, ofChild));
    }

    [Fact]
    public void No_turn_changes_nothing()
    {
        OnThread(() =>
        {
            var before = Slice();
            Assert.False(ThreadTurn.TryTake(TimeSpan.Zero));
            Assert.Equal((before, TimeSpan.Zero), (Slice(), ThreadTurn.Taken));
        });
    }

    /// <summary>Nanoseconds, as the system shows them; 0 if it does not.</summary>
    private static double Slice()
    {
        if (!File.Exists(Schedule)) return 0;
        var line = File.ReadLines(Schedule).FirstOrDefault(line => line.StartsWith("se.slice", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(line.IndexOf(':') + 1)..], CultureInfo.InvariantCulture);
    }

    private static void OnThread(Action work)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception caught)
            {
                failure = caught;   // Thrown below, where the test sees it.
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException("The thread failed.", failure);
    }
}
