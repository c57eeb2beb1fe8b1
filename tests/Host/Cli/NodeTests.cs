using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>One process of a cluster, run as its users run it.</summary>
public sealed class NodeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-node-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--role judge", "--role is 'judge'; expected gateway, prefill, decode, both, cache-master, cache-store, or several with commas.")]
    [InlineData("--role decode --seed nowhere", "--seed is 'nowhere'; expected host:port, such as 127.0.0.1:4053.")]
    [InlineData("--role decode --cluster-host 0.0.0.0", "--cluster-host is '0.0.0.0'; expected an address of this machine that others can reach, or a name of it.")]
    [InlineData("--role decode --management-port 99999", "--management-port is '99999'; expected an integer from 0 to 65535, or none.")]
    [InlineData("--role decode --cmd-port 7000 --management-port 7000", "--management-port and --cmd-port are both '7000'; expected different ports.")]
    [InlineData("--role decode --transport pigeon", "--transport is 'pigeon'; expected one of auto, tcp.")]
    [InlineData("--role decode --set threads", "--set is 'threads'; expected name=value, such as actor-inference.cache.l2.ratio=1.")]
    [InlineData("--role decode --ready-port 0", "--ready-port is '0'; expected an integer from 1 to 65535.")]
    public async Task A_wrong_option_is_one_line_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(["node", .. arguments.Split(' ')]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("actorinference: " + expected, result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData("--cluster-port")]
    [InlineData("--management-port")]
    [InlineData("--cmd-port")]
    public async Task A_port_in_use_is_one_line_that_names_it(string option)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        string[] options = ["--cluster-port", "--management-port", "--cmd-port"];
        var result = await Executable.RunAsync(["node", "--role", "cache-master", .. options.SelectMany(each => new[] { each, each == option ? $"{port}" : "0" })]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"actorinference: {option} is '{port}', which cannot be listened on (", result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_seed_that_does_not_answer_is_named_after_the_deadline()
    {
        var config = Path.Combine(_folder, "node.conf");
        File.WriteAllText(config, "actor-inference.membership.join-deadline = 2s");

        var result = await Executable.RunAsync(
            "node", "--role", "cache-store", "--seed", "127.0.0.1:1", "--cluster-port", "0", "--management-port", "none", "--cmd-port", "none", "--config", config, "--log-level", "Error");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.EndsWith(
            "actorinference: --seed is '127.0.0.1:1'; expected a running process of the cluster 'actor-inference' there, but none let this one join within 2 s.\n", result.Error);
    }
}
