using ActorInference.Roles.Agents;
using Akka.Actor;

namespace ActorInference.Agents.Tests;

/// <summary>The actors of an agent's instances, which end otherwise than their processes.</summary>
public sealed class ProcessActorTests
{
    private const string Loop = "trap 'exit 0' TERM; while true; do sleep 0.05; done";

    [SkippableFact]
    public async Task Only_an_actor_that_failed_is_begun_again_and_its_process_has_not_noticed()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        await using var agent = new TestAgent();
        agent.Start();
        agent.Run(TestAgent.Script("failing", Loop));
        var before = await agent.UntilReadyAsync("failing");
        var failing = await agent.OnlyProcessActorAsync();

        // Made anew at once: the end of its first actor is no failure of its second.
        agent.Run(TestAgent.Script("anew", Loop));
        var first = await agent.UntilReadyAsync("anew");
        agent.Tell(new AgentProtocol.Remove("anew", "owner-of-anew"));
        await agent.UntilRemovedAsync("anew");
        agent.Run(TestAgent.Script("anew", Loop));
        await agent.UntilAsync("anew", report => report.IsReady && report.ProcessId != first.ProcessId, "runs again");

        failing.Tell(PoisonPill.Instance);
        await Deadline.UntilAsync(() => agent.Warnings.Any(warning => warning.Contains("failing", StringComparison.Ordinal)), () => $"its actor is begun again: {string.Join("; ", agent.Warnings)}");
        agent.Run(TestAgent.Script("failing", Loop, "r2"));
        var after = await agent.UntilAsync("failing", report => report is { IsReady: true, Revision: "r2" }, "runs the other revision");

        Assert.DoesNotContain(agent.Warnings, warning => warning.Contains("anew", StringComparison.Ordinal));
        Assert.Equal(before.Restarts + 1, after.Restarts);   // By the other revision alone.
    }
}
