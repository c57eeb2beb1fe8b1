using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Management;

public sealed class OperationsPortTests
{
    private readonly List<string> _notes = [];

    [Fact]
    public void A_default_port_that_is_taken_gives_way_to_a_free_one_and_says_so()
    {
        using var taken = Listen(out var port);

        using var reserved = Take(new PortRequest(port, IsGiven: false))!;

        Assert.NotEqual(port, reserved.Port);
        Assert.Equal([$"Port {port} is taken; --x is {reserved.Port} instead."], _notes);
    }

    [Fact]
    public void A_given_port_that_is_taken_is_the_users_error()
    {
        using var taken = Listen(out var port);

        var error = Assert.Throws<UserErrorException>(() => Take(new PortRequest(port, IsGiven: true)));

        Assert.StartsWith($"--x is '{port}', which cannot be listened on (", error.Message);
    }

    [Fact]
    public void A_reserved_port_is_kept_from_others_until_it_is_released()
    {
        const int MostAttempts = 10;
        for (var attempt = 1; ; attempt++)
        {
            var reserved = Take(new PortRequest(0, IsGiven: true))!;
            Assert.Throws<UserErrorException>(() => Take(new PortRequest(reserved.Port, IsGiven: true)));

            reserved.Dispose();

            try
            {
                using var again = Take(new PortRequest(reserved.Port, IsGiven: true))!;
                Assert.Equal(reserved.Port, again.Port);
                return;
            }
            catch (UserErrorException) when (attempt < MostAttempts)
            {
                // It is free for everybody: somebody else was faster.
            }
        }
    }

    [Fact]
    public void A_free_port_is_none_that_the_system_gives_away_by_itself()
    {
        for (var i = 0; i < 20; i++)
        {
            using var reserved = Take(new PortRequest(0, IsGiven: true))!;
            Assert.InRange(reserved.Port, 1024, 32767);
        }
    }

    [Fact]
    public void None_is_no_port_and_the_port_of_the_api_is_not_shared()
    {
        Assert.Null(Take(new PortRequest(null, IsGiven: true)));
        Assert.Equal("--x is '8000', the port of the API; expected another.", Assert.Throws<UserErrorException>(() => Take(new PortRequest(8000, IsGiven: true), mainPort: 8000)).Message);
        using var other = Take(new PortRequest(8000, IsGiven: false), mainPort: 8000)!;
        Assert.NotEqual(8000, other.Port);
    }

    [Theory]
    [InlineData("up --management-port 99999", "--management-port is '99999'; expected an integer from 0 to 65535, or none.")]
    [InlineData("up --cmd-port some", "--cmd-port is 'some'; expected an integer from 0 to 65535, or none.")]
    [InlineData("up --management-port 7000 --cmd-port 7000", "--management-port and --cmd-port are both '7000'; expected different ports.")]
    [InlineData("up --prompt Hi --cmd-port 7000", "--cmd-port is given with --prompt;")]
    [InlineData("up --prompt Hi --management-port none", "--management-port is given with --prompt;")]
    public async Task A_wrong_port_is_one_line_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("actorinference: " + expected, result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData("--management-port")]
    [InlineData("--cmd-port")]
    public async Task A_given_port_in_use_is_named_before_a_model_is_read(string option)
    {
        using var taken = Listen(out var port);

        var result = await Executable.RunAsync("up", "--port", "0", "--model", AppContext.BaseDirectory, option, $"{port}");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains($"actorinference: {option} is '{port}', which cannot be listened on (", result.Error);
        Assert.DoesNotContain("config.json", result.Error);
    }

    [Fact]
    public async Task With_none_the_server_serves_and_opens_neither()
    {
        await using var server = await RunningServer.StartAsync("--management-port", "none", "--cmd-port", "none");

        Assert.DoesNotContain("Management:", server.Output);
        Assert.DoesNotContain("Console:", server.Output);
        using var response = await server.Client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Two_servers_with_the_default_ports_run_side_by_side()
    {
        await using var one = await RunningServer.StartAsync();
        await using var two = await RunningServer.StartAsync();

        Assert.Contains("Console: actorinference cmd 127.0.0.1:", one.Output);
        Assert.Contains("Console: actorinference cmd 127.0.0.1:", two.Output);
        // Where something else has the default port, it is the first that gives way; and a line on stderr may come after one on stdout.
        await Deadline.UntilAsync(
            () => (one.Error + two.Error).Contains("is taken; --cmd-port is ", StringComparison.Ordinal),
            "one of them says which port it took in place of the default one");
    }

    private static TcpListener Listen(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    private ReservedPort? Take(PortRequest request, int mainPort = 0) => ReservedPort.Take("--x", request, mainPort, _notes.Add, IPAddress.Loopback);
}
