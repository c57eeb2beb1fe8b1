using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

public sealed class AfterEndTests
{
    private static readonly InstanceRecord Record = new(
        TestAgent.Script("a", "") with { Restarts = new RestartDelays(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)), Init = [TestAgent.Script("a", "") with { Step = "one" }] },
        [], "r1", DateTimeOffset.UnixEpoch, Restarts: 5, Failures: 2, LastEnd: null, []);

    [Fact]
    public void A_process_that_was_asked_to_end_is_followed_by_another_at_once()
    {
        var after = AfterEnd.Asked(Record);

        Assert.Equal((6, 0, TimeSpan.Zero, ""), (after.Record.Restarts, after.Record.Failures, after.Pause, after.Message));
    }

    [Fact]
    public void An_init_container_that_is_done_is_followed_by_the_next_and_counts_as_no_restart()
    {
        var after = AfterEnd.Done(Record);

        Assert.Equal((5, 0, 1, TimeSpan.Zero), (after.Record.Restarts, after.Record.Failures, after.Record.InitDone, after.Pause));
    }

    [Theory]
    [InlineData(2, 0, 3, 2)]
    [InlineData(2, 3600, 1, 0)]
    [InlineData(0, 0, 1, 0)]
    public void Failures_in_a_row_double_the_pause_until_a_process_was_ready_for_long(int failures, int readySeconds, int failuresAfter, int pauseSeconds)
    {
        var after = AfterEnd.Unasked(Record with { Failures = failures }, End(EndReason.Error), TimeSpan.FromSeconds(readySeconds));

        Assert.Equal((failuresAfter, TimeSpan.FromSeconds(pauseSeconds), 6), (after.Record.Failures, after.Pause, after.Record.Restarts));
        Assert.Equal(EndReason.Error, after.Record.LastEnd!.Reason);
    }

    [Fact]
    public void What_cannot_begin_is_not_tried_all_the_time_and_says_why()
    {
        var after = AfterEnd.NotBegun(Record with { Failures = 0 }, End(EndReason.StartFailed));

        Assert.Equal((TimeSpan.FromSeconds(1), "no image", 1), (after.Pause, after.Message, after.Record.Failures));
    }

    [Fact]
    public void One_that_is_begun_again_with_others_waits_for_its_owner_unless_it_did_not_even_begin()
    {
        var held = Record with { Launch = Record.Launch with { IsHeldAfterEnd = true } };

        Assert.Null(AfterEnd.Unasked(held, End(EndReason.Error), TimeSpan.Zero).Pause);
        Assert.NotNull(AfterEnd.NotBegun(held, End(EndReason.StartFailed)).Pause);
        Assert.NotNull(AfterEnd.Unasked(held, End(EndReason.Error) with { Revision = "r0" }, TimeSpan.Zero).Pause);
    }

    private static Evidence End(EndReason reason) => new(DateTimeOffset.UnixEpoch, ExitCode: 1, Signal: null, reason, "no image", "", "r1");
}
