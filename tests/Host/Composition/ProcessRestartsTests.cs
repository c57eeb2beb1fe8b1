using ActorInference.Host.Composition;

namespace ActorInference.Host.Tests.Composition;

public sealed class ProcessRestartsTests
{
    [Fact]
    public void Pauses_double_up_to_a_limit_while_no_process_lives_long()
    {
        var restarts = new ProcessRestarts();

        var pauses = Enumerable.Range(0, 9).Select(_ => restarts.Next(TimeSpan.FromSeconds(1)).TotalSeconds);

        Assert.Equal([0.5, 1, 2, 4, 8, 16, 30, 30, 30], pauses);
    }

    [Fact]
    public void A_process_that_lived_long_was_well_and_its_end_counts_as_the_first()
    {
        var restarts = new ProcessRestarts();
        for (var i = 0; i < 9; i++) restarts.Next(TimeSpan.Zero);

        Assert.Equal(ProcessRestarts.Delays.Base, restarts.Next(ProcessRestarts.Healthy));
        Assert.Equal(2 * ProcessRestarts.Delays.Base, restarts.Next(TimeSpan.Zero));
    }
}
