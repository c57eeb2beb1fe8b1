using System.Buffers.Binary;
using System.Net.Sockets;
using Petabridge.Cmd.Wire;

namespace ActorInference.Standins.Petabridge.Cmd.Tests;

public sealed class ConsoleHostTests : IAsyncLifetime
{
    private readonly EchoCommands _echo = new();
    private TestHost _host = null!;

    public Task InitializeAsync()
    {
        _host = new TestHost(_echo);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_console_learns_all_palettes_with_their_commands_and_arguments()
    {
        await using var client = await _host.ConnectAsync();

        Assert.Equal("console-tests", client.Hello.System);
        Assert.Equal(["actor", "echo", "log"], client.Hello.Palettes.Select(palette => palette.Name));
        var say = client.Hello.Palettes[1].Commands[0];
        Assert.Equal("Says it.", say.Description);
        Assert.Equal(["-t", "--text"], say.Arguments[0].Switches);
        Assert.Equal((true, "."), (say.Arguments[0].IsMandatory, say.Arguments[1].Default));
    }

    [Theory]
    [InlineData("echo say -t hello", "hello.")]
    [InlineData("echo say --text hello -e !", "hello!")]
    [InlineData("echo count", "1\n2\n3")]
    [InlineData("echo count -n 500", null)]
    public async Task A_command_is_answered_up_to_its_final_response(string line, string? expected)
    {
        await using var client = await _host.ConnectAsync();

        var (text, isError) = await TestHost.RunAsync(client, line.Split(' '));

        Assert.False(isError);
        Assert.Equal(expected ?? string.Join('\n', Enumerable.Range(1, 500)), text);
    }

    [Fact]
    public async Task A_failure_is_told_and_the_console_goes_on()
    {
        await using var client = await _host.ConnectAsync();

        Assert.Equal(("It is forbidden.", true), await TestHost.RunAsync(client, "echo", "fail"));
        Assert.Equal(("InvalidOperationException: It broke.", true), await TestHost.RunAsync(client, "echo", "throw"));
        Assert.Equal(("still here.", false), await TestHost.RunAsync(client, "echo", "say", "-t", "still here"));
    }

    [Fact]
    public async Task Output_longer_than_a_frame_arrives_whole()
    {
        await using var client = await _host.ConnectAsync();

        var (text, _) = await TestHost.RunAsync(client, "echo", "big");

        Assert.Equal(string.Join('\n', Enumerable.Range(0, 300_000)), text);
    }

    [Theory]
    [InlineData("nope say", "'nope' is no command; expected one of actor, echo, log.")]
    [InlineData("echo", "A command of 'echo' is missing; expected one of say, count, fail, throw, forever, big.")]
    [InlineData("echo nope", "'nope' is no command of 'echo'; expected one of")]
    [InlineData("echo say", "text is missing; expected echo say -t text [-e end].")]
    [InlineData("echo say -t", "-t lacks its value; expected echo say -t text [-e end].")]
    [InlineData("echo say -t a --text b", "--text is given twice;")]
    [InlineData("echo say -t a -z b", "'-z' is no argument of 'echo say';")]
    public async Task A_command_that_does_not_fit_is_refused_before_it_is_sent(string line, string expected)
    {
        await using var client = await _host.ConnectAsync();

        Assert.StartsWith(expected, Assert.Throws<FormatException>(() => WireInvocation.Parse(client.Hello, line.Split(' '))).Message);
    }

    [Theory]
    [InlineData("nope", "say", "There is no command palette 'nope'.")]
    [InlineData("echo", "nope", "The palette echo has no command 'nope'.")]
    [InlineData("echo", "say", "The command echo say needs the argument text.")]
    [InlineData("echo", "say", "An argument lacks its value.", "-t")]
    [InlineData("echo", "count", "The command echo count has no argument '-z'.", "-z", "1")]
    public async Task A_client_that_sends_it_all_the_same_is_refused_by_the_host(string palette, string command, string expected, params string[] arguments)
    {
        await using var client = await _host.ConnectAsync();
        using var deadline = new CancellationTokenSource(TestHost.Limit);

        var replies = await client.RunAsync(new WireInvocation(palette, command, arguments), deadline.Token).ToListAsync(deadline.Token);

        Assert.Equal((expected, true, true), (replies.Single().Text, replies[0].IsFinal, replies[0].IsError));
    }

    [Fact]
    public async Task A_cancelled_stream_ends_at_the_host_and_the_console_goes_on()
    {
        await using var client = await _host.ConnectAsync();
        using var deadline = new CancellationTokenSource(TestHost.Limit);

        await foreach (var reply in client.RunAsync(new WireInvocation("echo", "forever", []), deadline.Token))
        {
            Assert.Equal("on and on", reply.Text);
            Assert.Equal(1, _echo.Streams);
            break;
        }

        await TestHost.UntilAsync(() => _echo.Streams == 0, "the stream has ended at the host");
        Assert.Equal(("yes.", false), await TestHost.RunAsync(client, "echo", "say", "-t", "yes"));
    }

    [Fact]
    public async Task A_console_that_goes_away_ends_its_streams()
    {
        var client = await _host.ConnectAsync();
        await using (var stream = client.RunAsync(new WireInvocation("echo", "forever", []), CancellationToken.None).GetAsyncEnumerator())
        {
            Assert.True(await stream.MoveNextAsync().AsTask().WaitAsync(TestHost.Limit));
            await client.DisposeAsync();
        }

        await TestHost.UntilAsync(() => _echo.Streams == 0, "the stream has ended at the host");
    }

    [Fact]
    public async Task The_end_of_the_system_ends_the_connection()
    {
        await using var client = await _host.ConnectAsync();
        var running = TestHost.RunAsync(client, "echo", "forever");
        await TestHost.UntilAsync(() => _echo.Streams == 1, "the stream runs");

        await _host.System.Terminate().WaitAsync(TestHost.Limit);

        await Assert.ThrowsAsync<WireException>(() => running.WaitAsync(TestHost.Limit));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("AICMD/9\n")]
    public async Task A_stranger_is_disconnected(string greeting)
    {
        using var stranger = await _host.ConnectRawAsync();
        var stream = stranger.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(greeting));

        await AssertEndsAsync(stream);
        await using var client = await _host.ConnectAsync();   // Others are served.
    }

    [Theory]
    [InlineData(WireFrames.MaxRequestBytes + 1)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(5)]
    public async Task A_frame_that_is_too_long_or_no_request_ends_the_connection(int length)
    {
        using var stranger = await _host.ConnectRawAsync();
        var stream = stranger.GetStream();
        var header = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(header, length);
        await stream.WriteAsync((byte[])[.. WireFrames.Magic, .. header, .. "[1,2]"u8]);

        await AssertEndsAsync(stream);
    }

    [Fact]
    public async Task The_thirty_third_console_is_turned_away_and_has_a_place_when_another_leaves()
    {
        var clients = new List<ConsoleClient>();
        for (var i = 0; i < 32; i++) clients.Add(await _host.ConnectAsync());

        await Assert.ThrowsAnyAsync<Exception>(_host.ConnectAsync);

        foreach (var client in clients) await client.DisposeAsync();
        await TestHost.UntilAsync(() => CanConnectAsync().GetAwaiter().GetResult(), "there is a place again");
    }

    [Fact]
    public void A_palette_with_a_name_that_is_taken_is_refused() =>
        Assert.StartsWith("There is a command palette 'echo' already.", Assert.Throws<ArgumentException>(() => _host.Cmd.RegisterCommandPalette(new EchoCommands())).Message);

    [Fact]
    public void A_taken_port_is_named()
    {
        using var system = global::Akka.Actor.ActorSystem.Create("other", $"akka.stdout-loglevel = OFF\npetabridge.cmd {{ host = \"127.0.0.1\", port = {_host.Port} }}");

        var error = Assert.Throws<InvalidOperationException>(global::Petabridge.Cmd.Host.PetabridgeCmd.Get(system).Start);

        Assert.StartsWith($"petabridge.cmd cannot listen on 127.0.0.1:{_host.Port}", error.Message);
    }

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            await using var client = await _host.ConnectAsync();
            return true;
        }
        catch (Exception e) when (e is WireException or IOException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Reads what the host has sent until it ends the connection.</summary>
    private static async Task AssertEndsAsync(NetworkStream stream)
    {
        using var deadline = new CancellationTokenSource(TestHost.Limit);
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, deadline.Token) > 0) { }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }
}
