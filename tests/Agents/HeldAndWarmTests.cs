using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>Processes that wait for their owner, and work that is done before there are any.</summary>
public sealed class HeldAndWarmTests
{
    [SkippableFact]
    public async Task A_held_process_that_ended_waits_for_another_revision_though_its_agent_begins_again()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        await using var agent = new TestAgent();
        agent.Start();
        var launch = TestAgent.Script("a", "echo last words; exit 3") with { IsHeldAfterEnd = true };
        agent.Run(launch);
        var ended = await agent.UntilAsync("a", report => report is { Phase: AgentPhase.Waiting, LastEnd.ExitCode: 3 }, "has ended");

        await agent.CrashAsync();
        agent.Start();
        agent.Run(launch);
        agent.Run(TestAgent.Script("b", "exit 1"));
        // Another one fails again and again meanwhile: time passes, and the held one is not touched.
        await agent.UntilAsync("b", report => report.Restarts >= 3, "has failed three times");
        var held = await agent.UntilAsync("a", report => report.Phase == AgentPhase.Waiting, "still waits");
        agent.Run(launch with { Revision = "r1#1", Args = ["while true; do sleep 0.05; done"] });
        var again = await agent.UntilReadyAsync("a");

        Assert.Equal((1, 1), (ended.Restarts, held.Restarts));
        Assert.Contains("last words", again.LastEnd!.LogTail);
        Assert.Equal("r1#1", again.Revision);
    }

    [SkippableFact]
    public async Task A_warm_up_runs_its_programs_to_their_end_and_says_why_one_failed()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        await using var agent = new TestAgent();
        agent.Start();
        var launch = TestAgent.Script("heat-warmup-0", "echo no room; exit 7") with { Owner = "" };

        var failed = await agent.AskAsync<AgentProtocol.Warmed>(new AgentProtocol.Warm("heat", [], [launch], Deadline.Limit));
        var done = await agent.AskAsync<AgentProtocol.Warmed>(new AgentProtocol.Warm("heat", [TestAgent.Image], [launch with { Args = ["exit 0"] }], Deadline.Limit));
        var missing = await agent.AskAsync<AgentProtocol.Warmed>(new AgentProtocol.Warm("heat", ["none:v9"], [], Deadline.Limit));

        Assert.Equal((false, "heat-warmup-0: exit code 7: no room"), (failed.IsSuccess, failed.Message));
        Assert.True(done.IsSuccess, done.Message);
        Assert.Contains("none:v9", missing.Message);
        Assert.False(Directory.Exists(agent.Options.FolderOf("heat-warmup-0").Path));
    }
}
