using System.Diagnostics;
using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>Agents that die while they begin a process: there is one, whatever the moment.</summary>
public sealed class KeeperTests : IDisposable
{
    /// <summary>Says who it is, and stays until it is asked to end.</summary>
    private const string Staying = "echo begun $$$$; trap 'exit 0' TERM; while true; do sleep 0.05; done";

    /// <summary>
    /// In the place of mv: holds a keeper at the moment before the number of its process is known, until it is let go, or the test has gone.
    /// </summary>
    private const string Gate = """
        #!/bin/sh
        case "$2" in */pid) ;; *) exec /bin/mv "$@";; esac
        gate=$(dirname "$0")
        touch "$gate/reached"
        while [ -d "$gate" ] && [ ! -e "$gate/open" ]; do sleep 0.05; done
        [ -d "$gate" ] && exec /bin/mv "$@"
        """;

    private readonly string _gate = Directory.CreateTempSubdirectory("gate-").FullName;

    public void Dispose() => Directory.Delete(_gate, recursive: true);

    [SkippableFact]
    public async Task A_process_whose_number_the_dead_agent_did_not_learn_is_taken_over_by_the_next_one()
    {
        await using var agent = Begin();
        await CrashAtTheGateAsync(agent);
        await UntilRefusedAsync(agent);
        await OpenAsync();
        var ready = await agent.UntilReadyAsync("a");

        await Deadline.UntilAsync(() => Begun(agent).Length > 0, () => $"it says who it is: {agent.LogOf("a")}");
        Assert.Equal([$"begun {ready.ProcessId}"], Begun(agent));
        Assert.Equal((0, "r1"), (ready.Restarts, ready.Revision));
    }

    [SkippableFact]
    public async Task A_process_that_is_taken_over_is_replaced_if_it_is_of_another_revision()
    {
        await using var agent = Begin();
        var launch = await CrashAtTheGateAsync(agent);
        agent.Run(launch with { Revision = "r2 of the same", Environment = [] });
        await UntilRefusedAsync(agent);
        await OpenAsync();
        var ready = await agent.UntilAsync("a", report => report is { IsReady: true, Revision: "r2 of the same" }, "runs the other revision");

        Assert.Equal(1, ready.Restarts);
        // The first may have been asked to end before it has said who it is.
        await Deadline.UntilAsync(() => Begun(agent).Contains($"begun {ready.ProcessId}"), () => $"it says who it is: {agent.LogOf("a")}");
        Assert.InRange(Begun(agent).Length, 1, 2);
        Assert.Equal($"begun {ready.ProcessId}", Begun(agent)[^1]);
    }

    [SkippableFact]
    public async Task A_process_that_is_not_wanted_any_more_ends_though_nobody_knew_its_number()
    {
        await using var agent = Begin();
        await CrashAtTheGateAsync(agent);
        agent.Tell(new AgentProtocol.Remove("a", "owner-of-a"));
        await OpenAsync();
        await agent.UntilRemovedAsync("a");

        Assert.False(Directory.Exists(agent.Options.FolderOf("a").Path));
        await Deadline.UntilAsync(() => !Process.GetProcesses().Any(process => WorksIn(process.Id, agent.Options.Data)), () => "nothing runs in its folder");
    }

    [SkippableFact]
    public async Task What_a_process_leaves_behind_ends_with_it()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", "sleep 300 & sh -c 'sleep 300; true' & trap 'exit 0' TERM; echo begun; while true; do sleep 0.05; done"));
        await agent.UntilSaidAsync("a", "begun");
        agent.Tell(new AgentProtocol.Remove("a", "owner-of-a"));
        await agent.UntilRemovedAsync("a");

        await Deadline.UntilAsync(() => !Process.GetProcesses().Any(process => WorksIn(process.Id, agent.Options.Data)), () => "nothing runs in its folder");
    }

    private static bool WorksIn(int process, string folder)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{process}/cwd", returnFinalTarget: false)?.FullName.StartsWith(folder, StringComparison.Ordinal) == true;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Has an agent begin a process, and another agent in its place before the process has a number.</summary>
    private async Task<InstanceLaunch> CrashAtTheGateAsync(TestAgent agent)
    {
        var launch = await HeldAsync();
        agent.Run(launch);
        await Deadline.UntilAsync(() => File.Exists(Path.Combine(_gate, "reached")), () => "the keeper has come to the gate");
        await agent.CrashAsync();
        agent.Start();
        return launch;
    }

    private async Task<InstanceLaunch> HeldAsync()
    {
        var mv = Path.Combine(_gate, "mv");
        await File.WriteAllTextAsync(mv, Gate);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(mv, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return TestAgent.Script("a", Staying) with { Environment = [new Variable("PATH", $"{_gate}:$(PATH)")] };
    }

    private Task OpenAsync() => File.WriteAllTextAsync(Path.Combine(_gate, "open"), "");

    /// <summary>The next agent has tried.</summary>
    private static Task UntilRefusedAsync(TestAgent agent) =>
        Deadline.UntilAsync(() => agent.LogOf("a").Contains("has a keeper already", StringComparison.Ordinal), () => $"another keeper has found the lock taken: {agent.LogOf("a")}");

    private static string[] Begun(TestAgent agent) => [.. agent.LogOf("a").Split('\n').Where(line => line.StartsWith("begun ", StringComparison.Ordinal))];

    private static TestAgent Begin()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid") && File.Exists("/usr/bin/flock") && File.Exists("/bin/mv"), "Agents keep processes with setsid, flock and /proc.");
        var agent = new TestAgent();
        agent.Start();
        return agent;
    }
}
