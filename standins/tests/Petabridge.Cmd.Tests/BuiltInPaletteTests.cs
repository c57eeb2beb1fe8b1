using Akka.Actor;
using Akka.Event;
using Petabridge.Cmd.Wire;

namespace ActorInference.Standins.Petabridge.Cmd.Tests;

public sealed class BuiltInPaletteTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private ConsoleClient _client = null!;

    public async Task InitializeAsync() => _client = await _host.ConnectAsync();

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Tree_shows_the_users_actors_with_types_and_waiting_messages()
    {
        var parent = _host.System.ActorOf(Props.Create(() => new Parent()), "parent");
        using var release = new ManualResetEventSlim();
        parent.Tell(release);
        parent.Tell("one");
        parent.Tell("two");
        try
        {
            await TestHost.UntilAsync(() => TreeAsync().GetAwaiter().GetResult().Contains("2 in the mailbox", StringComparison.Ordinal), "two messages wait");

            Assert.Equal("/user  GuardianActor\n  parent  Parent  2 in the mailbox\n    child  Child", (await TreeAsync()).ReplaceLineEndings("\n"));
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public async Task Hierarchy_shows_all_paths_and_stops_at_a_limit()
    {
        _host.System.ActorOf(Props.Create(() => new Parent()), "parent");

        var (all, _) = await TestHost.RunAsync(_client, "actor", "hierarchy");
        var (some, _) = await TestHost.RunAsync(_client, "actor", "hierarchy", "-m", "2");

        Assert.Contains("\n/user/parent/child", all.ReplaceLineEndings("\n"));
        Assert.Contains("\n/system/", all.ReplaceLineEndings("\n"));
        Assert.Equal("/\n/system\n... cut at 2 actors", some.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("actor tree -p /user/nobody", "path is '/user/nobody'; expected that of an actor of this node, such as /user.")]
    [InlineData("actor tree -m 0", "max is '0'; expected a number of at least 1.")]
    [InlineData("log peek -n x", "lines is 'x'; expected a number of at least 1, at most 1000.")]
    [InlineData("log tail -n 0", "lines is '0'; expected a number of at least 1.")]
    [InlineData("log level -s loud", "level is 'loud'; expected one of debug, info, warning, error.")]
    public async Task A_wrong_value_is_named(string line, string expected) =>
        Assert.Equal((expected, true), await TestHost.RunAsync(_client, line.Split(' ')));

    [Fact]
    public async Task Tail_shows_lines_of_the_level_as_they_are_logged_and_ends_after_its_number()
    {
        var lines = new List<string>();
        using var deadline = new CancellationTokenSource(TestHost.Limit);
        await foreach (var reply in _client.RunAsync(WireInvocation.Parse(_client.Hello, ["log", "tail", "-n", "2", "-l", "warning"]), deadline.Token))
        {
            if (reply.Text.Length > 0) lines.Add(reply.Text);
            if (lines.Count > 0 || reply.Text.Length > 0) continue;
            foreach (var level in (LogLevel[])[LogLevel.InfoLevel, LogLevel.WarningLevel, LogLevel.ErrorLevel])   // The tail says that it reads; only then are lines logged.
                _host.System.Log.Log(level, null, $"This is {level}");
        }

        Assert.Equal(2, lines.Count);
        Assert.EndsWith("This is WarningLevel", lines[0]);
        Assert.EndsWith("This is ErrorLevel", lines[1]);
    }

    [Fact]
    public async Task Peek_shows_the_last_lines()
    {
        for (var i = 0; i < 30; i++) _host.System.Log.Warning("Line {0}", i);
        await TestHost.UntilAsync(() => PeekAsync().GetAwaiter().GetResult().EndsWith("Line 29", StringComparison.Ordinal), "the last line is kept");

        var lines = (await PeekAsync()).Split('\n');

        Assert.Equal(5, lines.Length);
        Assert.EndsWith("Line 25", lines[0]);
    }

    [Fact]
    public async Task Level_shows_and_sets_what_is_logged()
    {
        Assert.Equal(("info", false), await TestHost.RunAsync(_client, "log", "level"));
        Assert.False(_host.System.Log.IsDebugEnabled);

        Assert.Equal(("debug", false), await TestHost.RunAsync(_client, "log", "level", "-s", "debug"));
        Assert.True(_host.System.Log.IsDebugEnabled);
    }

    private async Task<string> TreeAsync() => (await TestHost.RunAsync(_client, "actor", "tree")).Text;

    private async Task<string> PeekAsync() => (await TestHost.RunAsync(_client, "log", "peek", "-n", "5")).Text;

    private sealed class Parent : ReceiveActor
    {
        public Parent()
        {
            Context.ActorOf(Props.Create(() => new Child()), "child");
            Receive<ManualResetEventSlim>(release => release.Wait(TestHost.Limit));
            ReceiveAny(_ => { });
        }
    }

    private sealed class Child : ReceiveActor
    {
        public Child() => ReceiveAny(_ => { });
    }
}
