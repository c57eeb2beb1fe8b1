using ActorInference.Host.Composition;

namespace ActorInference.Host.Tests.Composition;

public sealed class RestartBackoffTests
{
    [Fact]
    public void The_first_restart_is_at_once_and_pauses_double_up_to_a_limit_while_no_process_serves_long()
    {
        var backoff = new RestartBackoff();

        var pauses = Enumerable.Range(0, 10).Select(_ => backoff.Next(TimeSpan.FromSeconds(1)).TotalSeconds);

        Assert.Equal([0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30], pauses);
    }

    [Fact]
    public void A_process_that_served_well_is_begun_again_at_once_however_often_it_is_killed()
    {
        var backoff = new RestartBackoff();

        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(TimeSpan.Zero, backoff.Next(RestartBackoff.Healthy)));
    }

    [Fact]
    public void After_a_long_pause_a_process_has_to_serve_for_twice_as_long_to_count_as_well()
    {
        var backoff = new RestartBackoff();
        for (var i = 0; i < 9; i++) backoff.Next(TimeSpan.Zero);

        Assert.Equal(RestartBackoff.Longest, backoff.Next(2 * RestartBackoff.Longest - TimeSpan.FromTicks(1)));
        Assert.Equal(TimeSpan.Zero, backoff.Next(2 * RestartBackoff.Longest));
        Assert.Equal(RestartBackoff.Shortest, backoff.Next(TimeSpan.Zero));
    }
}
