using System.Net;
using System.Net.Sockets;
using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

public sealed class ProcessTests
{
    /// <summary>Runs until it is asked to end, and says that it was.</summary>
    private const string Obedient = "trap 'echo asked to end; exit 0' TERM; echo begun; while true; do sleep 0.05; done";

    /// <summary>Runs until it is killed.</summary>
    private const string Deaf = "trap '' TERM; echo begun; while true; do sleep 0.05; done";

    [SkippableFact]
    public async Task A_process_that_dies_is_begun_again_and_leaves_evidence()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", "echo last words; exit 3"));

        var report = await agent.UntilAsync("a", each => each.Restarts >= 2, "was begun again twice");

        Assert.Equal(3, report.LastEnd!.ExitCode);
        Assert.Equal(EndReason.Error, report.LastEnd.Reason);
        Assert.Contains("last words", report.LastEnd.LogTail);
    }

    [SkippableFact]
    public async Task A_killed_process_leaves_its_signal_and_comes_back()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", Obedient));
        var first = await agent.UntilReadyAsync("a");

        Kill(first.ProcessId);
        var second = await agent.UntilAsync("a", report => report.IsReady && report.ProcessId != first.ProcessId, "runs again");

        Assert.Equal(9, second.LastEnd!.Signal);
        Assert.Equal(1, second.Restarts);
    }

    [SkippableFact]
    public async Task Processes_outlive_their_agent_and_are_adopted_by_the_next()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", Obedient));
        agent.Run(TestAgent.Script("b", Obedient));
        var (a, b) = (await agent.UntilReadyAsync("a"), await agent.UntilReadyAsync("b"));

        await agent.CrashAsync();
        Kill(b.ProcessId);
        agent.Start();
        var (adopted, replaced) = (await agent.UntilReadyAsync("a"), await agent.UntilAsync("b", report => report.IsReady && report.Restarts == 1, "runs again"));

        Assert.Equal((a.ProcessId, 0), (adopted.ProcessId, adopted.Restarts));
        Assert.Equal(9, replaced.LastEnd!.Signal);
    }

    [SkippableFact]
    public async Task Another_revision_replaces_the_process_in_place()
    {
        await using var agent = Begin();
        var launch = TestAgent.Script("a", Obedient) with { Ports = [new PortRequest("http", 0)] };
        agent.Run(launch);
        var first = await agent.UntilReadyAsync("a");
        await agent.UntilSaidAsync("a", "begun");

        agent.Run(launch with { Revision = "r2" });
        var second = await agent.UntilAsync("a", report => report is { IsReady: true, Revision: "r2" }, "runs the other revision");

        Assert.Equal(1, second.Restarts);
        Assert.Equal(first.Ports.ToList(), second.Ports.ToList());
        Assert.Null(second.LastEnd);
        Assert.Contains("asked to end", agent.LogOf("a"));
    }

    [SkippableFact]
    public async Task An_agent_that_died_in_the_middle_of_an_update_finishes_it()
    {
        await using var agent = Begin();
        var deaf = TestAgent.Script("a", Deaf) with { Grace = TimeSpan.FromSeconds(5) };   // For so long it can be seen that it is asked to end.
        agent.Run(deaf);
        await agent.UntilReadyAsync("a");
        await agent.UntilSaidAsync("a", "begun");
        agent.Run(deaf with { Revision = "r2" });
        await agent.UntilAsync("a", report => report.Phase == AgentPhase.Stopping, "is asked to end");

        await agent.CrashAsync();
        agent.Start();

        await agent.UntilAsync("a", report => report is { IsReady: true, Revision: "r2" }, "runs the other revision");
    }

    [SkippableFact]
    public async Task A_process_that_does_not_end_when_asked_is_killed_after_its_grace()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", Deaf) with { Grace = TimeSpan.FromSeconds(0.5) });
        var report = await agent.UntilReadyAsync("a");
        await agent.UntilSaidAsync("a", "begun");
        var process = agent.Options.FolderOf("a").ReadProcess()!.Process;
        Assert.Equal(report.ProcessId, process.Id);

        agent.Tell(new AgentProtocol.Remove("a", "owner"));
        await agent.UntilRemovedAsync("a");

        Assert.False(process.IsAlive);
        Assert.False(Directory.Exists(agent.Options.FolderOf("a").Path));
    }

    [SkippableFact]
    public async Task An_instance_is_taken_away_though_what_its_process_left_behind_writes_for_a_while()
    {
        // A session of its own is not ended with the process.
        const string Writing = "end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do for i in 1 2 3 4 5 6 7 8 9; do n=$((n + 1)); echo >$INSTANCE_FOLDER/$n; done; done";
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", $"trap 'setsid sh -c \"$WRITING\" & exit 0' TERM; echo begun; while true; do sleep 0.05; done") with { Environment = [new Variable("WRITING", Writing)] });
        await agent.UntilReadyAsync("a");
        await agent.UntilSaidAsync("a", "begun");

        agent.Tell(new AgentProtocol.Remove("a", "owner"));
        await agent.UntilRemovedAsync("a");

        agent.Run(TestAgent.Script("a", Obedient));
        Assert.Equal(0, (await agent.UntilReadyAsync("a")).Restarts);
    }

    [SkippableFact]
    public async Task An_agent_that_died_while_it_took_an_instance_away_that_had_ended_finishes_it()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        await using var agent = new TestAgent();
        agent.Options.FolderOf("a").Write(
            new InstanceRecord(TestAgent.Script("a", Obedient), [], "r1", DateTimeOffset.UtcNow, Restarts: 0, Failures: 0, LastEnd: null, Overlay: []) { IsRemoved = true });

        agent.Start();
        await agent.UntilRemovedAsync("a");

        Assert.False(Directory.Exists(agent.Options.FolderOf("a").Path));
    }

    [SkippableFact]
    public async Task It_is_ready_when_its_readiness_probe_says_so_and_restarted_when_its_liveness_probe_fails()
    {
        await using var agent = Begin();
        var often = TimeSpan.FromMilliseconds(100);
        var timeout = Deadline.Limit;
        agent.Run(TestAgent.Script("a", Obedient) with
        {
            Readiness = new ProbeSpec(ProbeAction.Exec("test", "-e", "well")) { Period = often, Timeout = timeout, FailureThreshold = 1 },
            Liveness = new ProbeSpec(ProbeAction.Exec("test", "!", "-e", "ill")) { Period = often, Timeout = timeout },
        });
        var data = agent.Options.FolderOf("a").Data;
        await agent.UntilAsync("a", report => report is { Phase: AgentPhase.Running, IsReady: false }, "runs, and is not ready");

        await File.WriteAllTextAsync(Path.Combine(data, "well"), "");
        var ready = await agent.UntilReadyAsync("a");
        await File.WriteAllTextAsync(Path.Combine(data, "ill"), "");
        var restarted = await agent.UntilAsync("a", report => report.Restarts > ready.Restarts, "is begun again");

        Assert.Equal(EndReason.ProbeFailed, restarted.LastEnd!.Reason);
    }

    [SkippableFact]
    public async Task A_startup_probe_holds_the_others_back()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", "sleep 0.3; touch begun; " + Obedient) with
        {
            Startup = new ProbeSpec(ProbeAction.Exec("test", "-e", "begun")) { Period = TimeSpan.FromMilliseconds(50), Timeout = Deadline.Limit, FailureThreshold = 1000 },
            Liveness = new ProbeSpec(ProbeAction.Exec("test", "-e", "begun")) { Period = TimeSpan.FromMilliseconds(50), Timeout = Deadline.Limit, FailureThreshold = 1 },
        });

        var report = await agent.UntilReadyAsync("a");

        Assert.Equal(0, report.Restarts);
    }

    [SkippableFact]
    public async Task Tcp_and_http_probes_ask_the_leased_port()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var context = new ProbeContext("127.0.0.1", [new PortLease("http", 8000, port)], new Dictionary<string, string>(), "/");
        var answering = AnswerAsync(listener);

        var tcp = await ProbeRunner.RunAsync(ProbeAction.Tcp("8000"), context, Deadline.Limit);
        var http = await ProbeRunner.RunAsync(ProbeAction.Http("http", "/health"), context, Deadline.Limit);
        var absent = await ProbeRunner.RunAsync(ProbeAction.Tcp("nope"), context, Deadline.Limit);

        Assert.Equal(ProbeResult.Success, tcp);
        Assert.False(http.IsSuccess);
        Assert.Contains("503", http.Reason);
        Assert.Contains("http", absent.Reason);
        await answering.WaitAsync(Deadline.Limit);
    }

    [SkippableFact]
    public async Task An_instance_finds_its_ports_its_volume_and_the_topology_file()
    {
        await using var agent = Begin();
        agent.Run(
            TestAgent.Script("a", "") with
            {
                Owner = "demo/a/0",
                Args = ["echo port=$RBG_PORT_HTTP arg=$0 cache=$CACHE; cat $RBG_CONFIG_FILE; " + Obedient, "$(RBG_PORT_HTTP)"],
                Ports = [new PortRequest("http", 0)],
                Environment = [new Variable("CACHE", "/cache/$(POD_NAME)")],
                Volumes = [new VolumeMount("cache", null, InMemory: false, "/cache")],
            });
        agent.Tell(new AgentProtocol.Publish("demo", [], "group: {name: demo}\n"));
        var report = await agent.UntilReadyAsync("a");
        await Deadline.UntilAsync(() => agent.LogOf("a").Contains("begun", StringComparison.Ordinal), () => $"it has begun: {agent.LogOf("a")}");

        var port = report.Ports.Single().Port;
        Assert.Contains($"port={port} arg={port} cache={agent.Options.Data}/volumes/a/cache/a", agent.LogOf("a"));
        Assert.Contains("group: {name: demo}", agent.LogOf("a"));
    }

    [SkippableFact]
    public async Task A_preferred_port_goes_to_the_first_and_another_one_to_the_second()
    {
        await using var agent = Begin();
        var preferred = agent.Options.FirstPort + 500;
        agent.Run(TestAgent.Script("a", Obedient) with { Ports = [new PortRequest("http", preferred)] });
        agent.Run(TestAgent.Script("b", Obedient) with { Ports = [new PortRequest("http", preferred)] });

        var (a, b) = (await agent.UntilReadyAsync("a"), await agent.UntilReadyAsync("b"));

        Assert.Equal(preferred, a.Ports.Single().Port);
        Assert.InRange(b.Ports.Single().Port, agent.Options.FirstPort, agent.Options.FirstPort + agent.Options.Ports);
    }

    [SkippableFact]
    public async Task A_missing_image_is_said_and_tried_again()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", Obedient) with { Image = "absent:1" });
        await agent.UntilAsync("a", report => report.Message.Contains("absent:1", StringComparison.Ordinal), "says what it lacks");

        var bundle = Directory.CreateTempSubdirectory("bundle-");
        File.WriteAllText(Path.Combine(bundle.FullName, ImageStore.ManifestFile), """{"entrypoint": ["/bin/sh", "-c"]}""");
        agent.Images.Add("absent:1", bundle.FullName);
        bundle.Delete(recursive: true);

        await agent.UntilReadyAsync("a");
    }

    [SkippableFact]
    public async Task A_process_beyond_its_memory_is_ended()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", Obedient) with { Resources = InstanceResources.Unlimited with { MemoryBytes = 1 } });

        var report = await agent.UntilAsync("a", each => each.Restarts > 0, "is ended");

        Assert.Equal(EndReason.MemoryExceeded, report.LastEnd!.Reason);
    }

    [SkippableFact]
    public async Task A_command_runs_in_the_surroundings_of_an_instance()
    {
        await using var agent = Begin();
        agent.Run(TestAgent.Script("a", Obedient));
        await agent.UntilReadyAsync("a");

        var ended = await agent.AskAsync<AgentProtocol.ExecEnded>(new AgentProtocol.Exec("a", ["/bin/sh", "-c", "echo I am $POD_NAME; exit 4"], Deadline.Limit));

        Assert.Equal((4, "I am a\n"), (ended.ExitCode, ended.Output));
    }

    private static TestAgent Begin()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        var agent = new TestAgent();
        agent.Start();
        return agent;
    }

    private static void Kill(int process)
    {
        using var victim = System.Diagnostics.Process.GetProcessById(process);
        victim.Kill();
    }

    /// <summary>One connection that says nothing, and one that is told 503.</summary>
    private static async Task AnswerAsync(TcpListener listener)
    {
        (await listener.AcceptTcpClientAsync()).Dispose();
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[1024], 1);
        await stream.WriteAsync("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"u8.ToArray());
    }
}
