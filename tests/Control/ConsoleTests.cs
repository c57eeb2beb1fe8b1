using System.Globalization;
using System.Net;
using ActorInference.Host.Composition;
using ActorInference.Host.Consoles;

namespace ActorInference.Control.Tests;

/// <summary>The palettes <c>group</c> and <c>rollout</c>: what the command line does, typed into a console.</summary>
public sealed class ConsoleTests
{
    [SkippableFact]
    public async Task Groups_are_shown_scaled_restarted_and_deleted()
    {
        var hosts = new SimulatedHosts();
        await using var user = await ConsoleUser.StartAsync(hosts);
        await user.Node.ApplyAsync("demo", Specs.Pair("demo", "v1"));

        await user.UntilAsync("group list", output => output.Contains("Ready", StringComparison.Ordinal));
        Assert.Equal(["host-000", "host-001", "host-002"], (await user.DoAsync("group agents")).TrimEnd().Split('\n').Skip(1).Select(line => line.Split(' ')[0]));
        Assert.Equal("rolebasedgroup/demo scaled\n", await user.DoAsync("group scale -g demo -r decode --replicas 3"));
        Assert.Equal("rolebasedgroup/demo unchanged\n", await user.DoAsync("group scale --group rbg/demo --role decode --replicas 3"));
        await user.UntilAsync("group instances -g demo", output => output.Contains("demo-decode-2", StringComparison.Ordinal));
        Assert.Contains("Role:       decode\n", await user.DoAsync("group describe -g demo -i demo-decode-1"));
        Assert.Contains("kind: RoleBasedGroup", await user.DoAsync("group yaml -g demo"));
        Assert.Contains("Created", await user.DoAsync("group events -g demo"));
        Assert.Equal("roleinstance/demo-decode-1 restarted\n", await user.DoAsync("rollout restart -g demo -i demo-decode-1"));
        Assert.Equal("rolebasedgroup/demo paused\n", await user.DoAsync("rollout pause -g demo"));

        Assert.Equal("rolebasedgroup/demo deleted\n", await user.DoAsync("group delete -g demo"));
        await user.UntilAsync("group list", output => !output.Contains("demo", StringComparison.Ordinal));
        Assert.Empty(hosts.Instances);
    }

    [SkippableFact]
    public async Task Sets_are_shown_scaled_and_deleted_by_kind_and_name()
    {
        await using var user = await ConsoleUser.StartAsync(new SimulatedHosts());
        await user.Node.DeclareAsync(Roles.Groups.Objects.ObjectKind.Set, "fleet", """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroupSet
            metadata: {name: fleet}
            spec: {replicas: 1, groupTemplate: {spec: {roles: [{name: engine, standalonePattern: {template: {spec: {containers: [{name: engine, image: "engine:v1"}]}}}}]}}}
            """);

        await user.UntilAsync("group objects -k rbgs", output => output.Contains("fleet", StringComparison.Ordinal));
        Assert.Contains("Kind:       set\n", await user.DoAsync("group describe -g set/fleet"));
        Assert.Contains("kind: RoleBasedGroupSet", await user.DoAsync("group yaml -g rbgs/fleet"));
        Assert.Equal("rolebasedgroupset/fleet scaled\n", await user.DoAsync("group scale -g set/fleet --replicas 2"));
        Assert.Equal("rolebasedgroupset/fleet deleted\n", await user.DoAsync("group delete -g set/fleet"));
    }

    [SkippableFact]
    public async Task Policies_are_shown_and_deleted_by_kind_and_name()
    {
        await using var user = await ConsoleUser.StartAsync(new SimulatedHosts());
        await user.Node.ApplyAsync("demo", Specs.Pair("demo", "v1"), Specs.Policy("demo"));

        await user.UntilAsync("group objects -k cp", output => output.Contains("prefill,decode", StringComparison.Ordinal));
        Assert.Contains("Kind:       policy\n", await user.DoAsync("group describe -g policy/demo"));
        Assert.Contains("kind: CoordinatedPolicy", await user.DoAsync("group yaml -g cp/demo"));
        Assert.Equal("coordinatedpolicy/demo deleted\n", await user.DoAsync("group delete -g policy/demo"));
        await user.UntilAsync("group list", output => output.Contains("demo", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("group delete -g nope", "group is 'nope'; there is none of this name.")]
    [InlineData("group scale -g demo -r decode", "--replicas is missing; expected its value.")]
    [InlineData("group scale -g demo -r decode --replicas many", "--replicas is 'many'; expected a whole number of at least 0.")]
    [InlineData("group scale -g warmup/x --replicas 2", "warmup x: there is none of this name.")]
    [InlineData("group describe -g thing/x", "'thing/x' is of no kind; expected a group, or one of set, adapter, warmup, policy and a name, such as set/demo.")]
    [InlineData("group objects -k things", "kind is 'things'; expected set, adapter or warmup.")]
    public async Task What_is_wrong_is_told(string command, string error)
    {
        await using var user = await ConsoleUser.StartAsync(new SimulatedHosts());

        Assert.Equal((1, "", $"actorinference: {error}\n"), await user.RunAsync(command));
    }

    /// <summary>A control node with a console, and who types there.</summary>
    private sealed class ConsoleUser(ControlNode node, int port) : IAsyncDisposable
    {
        public ControlNode Node => node;

        public static async Task<ConsoleUser> StartAsync(SimulatedHosts hosts)
        {
            // None that the system could give to others before the console listens.
            using var reserved = ReservedPort.Take("--cmd-port", new PortRequest(0, IsGiven: false), mainPort: 0, _ => { }, IPAddress.Loopback)!;
            var port = reserved.Port;
            var node = await ControlNode.StartAsync(hosts, interval: 0.1, settings: string.Create(CultureInfo.InvariantCulture, $"petabridge.cmd {{ host = \"127.0.0.1\", port = {port} }}"));
            reserved.Dispose();
            node.OpenConsole();
            await node.UntilAgentsAsync(3);
            return new ConsoleUser(node, port);
        }

        public async Task<(int ExitCode, string Output, string Error)> RunAsync(string command)
        {
            using var deadline = new CancellationTokenSource(ControlNode.Patience);
            using var output = new StringWriter { NewLine = "\n" };
            using var error = new StringWriter { NewLine = "\n" };
            try
            {
                return (await ConsoleRun.RunAsync([string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), .. command.Split(' ')], TextReader.Null, output, error, deadline.Token), output.ToString(), error.ToString());
            }
            catch (ConsoleFailedException failed)
            {
                Skip.If(failed.Message.Contains("pbm", StringComparison.Ordinal), "The node's console speaks the protocol of the Petabridge.Cmd package; its client is pbm.");
                throw;
            }
        }

        public async Task<string> DoAsync(string command)
        {
            var (exitCode, output, error) = await RunAsync(command);
            Assert.True(exitCode == 0, $"{command}: exit code {exitCode}: {error}");
            return output;
        }

        public async Task UntilAsync(string command, Func<string, bool> condition)
        {
            using var deadline = new CancellationTokenSource(ControlNode.Patience);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (!condition(await DoAsync(command))) await timer.WaitForNextTickAsync(deadline.Token);
        }

        public ValueTask DisposeAsync() => node.DisposeAsync();
    }
}
