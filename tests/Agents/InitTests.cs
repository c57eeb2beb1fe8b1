using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>Init containers: what is done before a process, and how often.</summary>
public sealed class InitTests
{
    /// <summary>Says what it was told to, and stays until it is asked to end; its shell says nothing then.</summary>
    private const string Forever = "trap 'exit 0' TERM; eval \"$SAY\"; while true; do sleep 0.05; done";

    [SkippableFact]
    public async Task Init_containers_run_in_order_to_their_end_before_the_process_and_those_beside_it()
    {
        await using var agent = Begin();
        var launch = Staying() with { Init = [Step("one", "echo one; sleep 0.2"), Step("two", "echo two")] };
        agent.Run(TestAgent.Script("a.side", Forever) with { InitBy = "a", Environment = [new Variable("SAY", $"cat {agent.Options.FolderOf("a").Log}")] });
        var waiting = await agent.UntilAsync("a.side", report => report.Message.Length > 0, "says what it waits for");
        Assert.Equal("waits for the init containers of a", waiting.Message);

        agent.Run(launch);
        var beside = await agent.UntilReadyAsync("a.side");
        var ready = await agent.UntilReadyAsync("a");

        Assert.True((ready.Restarts, beside.Restarts) == (0, 0), $"{ready} and {beside} should not have been begun again. {agent.LogOf("a")}");
        await UntilLogAsync(agent, "one\ntwo\nmain\n");
        await Deadline.UntilAsync(() => agent.LogOf("a.side").StartsWith("one\ntwo\n", StringComparison.Ordinal), () => $"the other one finds what was done, {agent.LogOf("a.side")}");
    }

    [SkippableFact]
    public async Task What_an_init_container_has_done_is_done_until_the_instance_is_made_anew()
    {
        await using var agent = Begin();
        var launch = Staying() with { Init = [Step("one", "echo one")] };
        agent.Run(launch);
        await agent.UntilReadyAsync("a");
        await UntilLogAsync(agent, "one\nmain\n");

        await agent.CrashAsync();
        agent.Start();
        agent.Run(launch with { Revision = "r2" });
        await agent.UntilAsync("a", report => report is { IsReady: true, Revision: "r2" }, "is updated in place");
        await UntilLogAsync(agent, "one\nmain\nmain\n");
        agent.Run(launch with { Revision = "r2#1", InitRevision = "#1" });
        await agent.UntilAsync("a", report => report is { IsReady: true, Revision: "r2#1" }, "is begun again whole");
        await UntilLogAsync(agent, "one\nmain\nmain\none\nmain\n");
    }

    [SkippableFact]
    public async Task An_init_container_that_fails_is_begun_again_alone_and_leaves_evidence()
    {
        await using var agent = Begin();
        agent.Run(Staying() with
        {
            IsHeldAfterEnd = true,   // Of the process, not of what comes before it.
            Init = [Step("one", "echo one"), Step("two", "echo no disk; [ -e $INSTANCE_FOLDER/again ] || { touch $INSTANCE_FOLDER/again; exit 5; }")],
        });

        var failed = await agent.UntilAsync("a", report => report.LastEnd is not null, "has failed");
        var ready = await agent.UntilReadyAsync("a");

        Assert.Equal((5, EndReason.StartFailed, "init container two"), (failed.LastEnd!.ExitCode, failed.LastEnd.Reason, failed.LastEnd.Message));
        Assert.Contains("no disk", ready.LastEnd!.LogTail);
        Assert.Equal(1, ready.Restarts);
        await UntilLogAsync(agent, "one\nno disk\nno disk\nmain\n");
    }

    [SkippableFact]
    public async Task An_agent_that_begins_again_takes_over_an_init_container()
    {
        await using var agent = Begin();
        var launch = Staying() with { Init = [Step("one", "echo one; while [ ! -e $INSTANCE_FOLDER/go ]; do sleep 0.05; done")] };
        agent.Run(launch);
        var running = await agent.UntilAsync("a", report => report.Message == "init container one runs", "runs its init container");

        await agent.CrashAsync();
        agent.Start();
        var adopted = await agent.UntilAsync("a", report => report.ProcessId > 0, "is known again");
        await File.WriteAllTextAsync(Path.Combine(agent.Options.FolderOf("a").Data, "go"), "");
        await agent.UntilReadyAsync("a");

        Assert.Equal((AgentPhase.Starting, running.ProcessId, false), (adopted.Phase, adopted.ProcessId, adopted.IsReady));
        await UntilLogAsync(agent, "one\nmain\n");
    }

    [SkippableFact]
    public async Task Containers_beside_the_first_know_its_ports_whichever_comes_first_and_after_a_crash_of_the_agent()
    {
        await using var agent = Begin();
        PortRequest[] ports = [new PortRequest("http", 0), new PortRequest("side-band", 0)];
        var first = TestAgent.Script("a", Forever) with { Ports = [.. ports], Environment = [new Variable("SIDE_PORT", "$(RBG_PORT_SIDE_BAND)"), new Variable("SAY", "echo $SIDE_PORT")] };
        var beside = TestAgent.Script("a.side", Forever) with
        {
            Pod = "a",
            Ports = [new PortRequest("http", 0)],
            PodPorts = [.. ports],
            Environment = [new Variable("SIDE_PORT", "$(RBG_PORT_SIDE_BAND)"), new Variable("SAY", "echo $SIDE_PORT $RBG_PORT_HTTP")],
        };
        agent.Run(beside);
        var side = await agent.UntilReadyAsync("a.side");
        agent.Run(first);
        var main = await agent.UntilReadyAsync("a");
        int Port(AgentProtocol.InstanceReport report, string name) => report.Ports.Single(lease => lease.Name == name).Port;

        await agent.UntilSaidAsync("a", $"{Port(main, "side-band")}\n");
        await agent.UntilSaidAsync("a.side", $"{Port(main, "side-band")} {Port(side, "http")}\n");
        Assert.NotEqual(Port(main, "http"), Port(side, "http"));

        await agent.CrashAsync();
        agent.Start();
        await agent.UntilReadyAsync("a.side");
        agent.Run(beside with { Revision = "r2" });
        await agent.UntilAsync("a.side", report => report is { IsReady: true, Revision: "r2" }, "is updated in place");
        await Deadline.UntilAsync(
            () => agent.LogOf("a.side").Split('\n').Count(line => line == $"{Port(main, "side-band")} {Port(side, "http")}") == 2, () => $"it is told the same again: {agent.LogOf("a.side")}");
    }

    /// <summary>A process is ready before it has said anything. What its keeper says, of a signal for instance, is not its own.</summary>
    private static Task UntilLogAsync(TestAgent agent, string text) => Deadline.UntilAsync(() => Said(agent) == text, () => $"the log is {text}; it is {agent.LogOf("a")}");

    private static string Said(TestAgent agent) => string.Concat(agent.LogOf("a").Split('\n').Where(line => line is "one" or "two" or "main" or "no disk").Select(line => line + "\n"));

    private static InstanceLaunch Staying() => TestAgent.Script("a", Forever) with { Environment = [new Variable("SAY", "echo main")] };

    private static InstanceLaunch Step(string name, string script) => TestAgent.Script("a", script) with { Step = name };

    private static TestAgent Begin()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        var agent = new TestAgent();
        agent.Start();
        return agent;
    }
}
