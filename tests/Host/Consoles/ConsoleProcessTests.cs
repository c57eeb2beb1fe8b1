using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Consoles;

/// <summary>The built program's console against the built program.</summary>
public sealed class ConsoleProcessTests(ServedNode node) : IClassFixture<ServedNode>
{
    [SkippableFact]
    public async Task Worker_list_shows_a_worker_of_each_role()
    {
        var result = await RunAsync("worker", "list");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Matches(@"^WORKER +ROLE +JOBS +PENDING TOKENS +PAGES HELD +CACHED +OF +STATE\ndecode-0 +decode +\d+ +\d+ +\d+ +\d+ +\d+ +serving\nprefill-0 +prefill +\d+ +\d+ +\d+ +\d+ +\d+ +serving\n$", result.Output);
        Assert.Equal("", result.Error);
    }

    [SkippableFact]
    public async Task Worker_status_says_whether_requests_can_be_served()
    {
        var all = await RunAsync("worker", "status");
        var one = await RunAsync("worker", "status", "-w", "prefill-0");

        Assert.StartsWith("serving: yes\nworkers: 1 prefill, 1 decode\n", all.Output);
        Assert.StartsWith("worker: prefill-0\nrole: prefill\nactor: akka://", one.Output);
    }

    [SkippableFact]
    public async Task Actor_hierarchy_shows_the_actors_of_every_role()
    {
        var result = await RunAsync("actor", "hierarchy");

        Assert.True(result.ExitCode == 0, result.ToString());
        foreach (var path in (string[])["/user/gateway\n", "/user/router\n", "/user/prefill-0\n", "/user/decode-0/decode-0/gpu\n"]) Assert.Contains(path, result.Output);
    }

    [SkippableFact]
    public async Task Cluster_commands_show_the_one_member_and_refuse_others()
    {
        var shown = await RunAsync("cluster", "show");
        var left = await RunAsync("cluster", "leave", "-a", "127.0.0.1:1");
        var joined = await RunAsync("cluster", "join", "-a", "127.0.0.1:1");
        var types = await RunAsync("cluster-sharding", "list");

        Assert.Matches(@"^NODE +STATUS +ROLES\nakka\.tcp://actor-inference@127\.0\.0\.1:\d+ +Up +cache-master,cache-store,decode,gateway,prefill +self, leader\n$", shown.Output);
        Assert.Equal((1, ""), (left.ExitCode, left.Output));
        Assert.StartsWith("actorinference: address is '127.0.0.1:1'; expected one of akka.tcp://actor-inference@127.0.0.1:", left.Error);
        Assert.Contains("is in a cluster of 1 already", joined.Error);
        Assert.True(types.ExitCode == 0, types.ToString());
    }

    [SkippableFact]
    public async Task Cluster_tail_begins_with_what_is_so_and_ends_with_its_console()
    {
        await using var tail = Executable.Start("cmd", node.Console, "cluster", "tail");

        await Deadline.UntilAsync(() => tail.HasExited || tail.Output.Contains("1 members; leader akka.tcp://", StringComparison.Ordinal), "the state is shown");
        Skip.If(tail.HasExited && tail.Error.Contains("pbm", StringComparison.Ordinal), "The node's console speaks the protocol of the Petabridge.Cmd package; its client is pbm.");
        Assert.False(tail.HasExited, tail.Error);
    }

    [SkippableTheory]
    [InlineData(2, "'nope' is no command; expected one of actor, cache, cluster, cluster-sharding, log, role, worker.", "nope")]
    [InlineData(2, "'nope' is no command of 'worker'; expected one of list, status, drain, resume.", "worker", "nope")]
    [InlineData(2, "'-z' is no argument of 'worker list'; expected worker list.", "worker", "list", "-z", "1")]
    [InlineData(1, "worker is 'nobody'; expected one of decode-0, prefill-0.", "worker", "status", "-w", "nobody")]
    public async Task A_wrong_command_is_one_line_on_stderr_and_an_exit_code(int exitCode, string error, params string[] command)
    {
        var result = await RunAsync(command);

        Assert.Equal((exitCode, "", $"actorinference: {error}\n"), (result.ExitCode, result.Output, result.Error));
    }

    [SkippableFact]
    public async Task Commands_from_stdin_are_run_line_by_line()
    {
        var result = await ChildProcess.RunAsync(
            "dotnet", [Executable.Path, "cmd", node.Console], Executable.Limit, input: "worker status\n# a remark\n\nnope\nworker list\nexit\nworker list\n");

        Skip.If(SpeaksOtherProtocol(result), "The node's console speaks the protocol of the Petabridge.Cmd package; its client is pbm.");
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("actorinference: 'nope' is no command; expected one of actor, cache, cluster, cluster-sharding, log, role, worker.\n", result.Error);
        Assert.Single(result.Output.Split('\n'), line => line.StartsWith("WORKER ", StringComparison.Ordinal));
        Assert.StartsWith("serving: yes\n", result.Output);
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_a_failure_that_names_it()
    {
        // Nobody listens there, nor can anybody: it is taken.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;

        var result = await Executable.RunAsync("cmd", $"127.0.0.1:{port}", "worker", "list");

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"actorinference: No node can be reached at 127.0.0.1:{port} (", result.Error);
    }

    [Fact]
    public async Task A_server_of_another_kind_is_a_failure_that_says_so()
    {
        var result = await Executable.RunAsync("cmd", $"127.0.0.1:{node.Server.Client.BaseAddress!.Port}", "worker", "list");

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("does not answer as a console of ActorInference", result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_wrong_target_is_named()
    {
        var result = await Executable.RunAsync("cmd", "node:port");

        Assert.Equal((2, "", "actorinference: 'node:port' is no HOST:PORT; expected for instance 127.0.0.1:9110.\n"), (result.ExitCode, result.Output, result.Error));
    }

    private static bool SpeaksOtherProtocol(ChildResult result) => result.ExitCode == 1 && result.Error.Contains("pbm", StringComparison.Ordinal);

    private async Task<ChildResult> RunAsync(params string[] command)
    {
        var result = await node.CommandAsync(command);
        Skip.If(SpeaksOtherProtocol(result), "The node's console speaks the protocol of the Petabridge.Cmd package; its client is pbm.");
        return result;
    }
}
