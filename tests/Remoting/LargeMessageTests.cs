using Akka.Actor;
using Akka.Event;

namespace ActorInference.Remoting.Tests;

/// <summary>What does not fit, or cannot be written, is the sender's error and nobody else's.</summary>
public sealed class LargeMessageTests : IAsyncLifetime
{
    private const string Frame = "akka.remote.dot-netty.tcp.maximum-frame-size = 2 MiB";

    private readonly RemoteSystem _here = RemoteSystem.Start("here", Frame);
    private readonly RemoteSystem _there = RemoteSystem.Start("there", Frame);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024 - 1)]
    [InlineData(16 * 1024)]
    [InlineData(64 * 1024)]
    [InlineData(1024 * 1024)]
    public async Task A_large_message_arrives_as_it_was(int length)
    {
        var echo = await EchoAsync();
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        Assert.Equal(bytes, await echo.Ask<byte[]>(bytes, RemoteSystem.Patience));
    }

    [Fact]
    public async Task Large_and_small_messages_keep_their_order()
    {
        var probe = _there.Kit.CreateTestProbe();
        var receiver = await _there.ResolveFrom(_here, probe.Ref);
        var random = new Random(1);
        int[] lengths = [.. Enumerable.Range(0, 500).Select(_ => random.Next(4) == 0 ? random.Next(1, 300_000) : random.Next(1, 2000))];

        foreach (var length in lengths) receiver.Tell(new byte[length], ActorRefs.NoSender);

        foreach (var length in lengths) Assert.Equal(length, (await probe.ExpectMsgAsync<byte[]>(RemoteSystem.Patience)).Length);
    }

    [Fact]
    public async Task An_oversized_message_is_logged_and_dropped_and_the_next_arrives()
    {
        var echo = await EchoAsync();
        var errors = Errors();

        echo.Tell(new byte[3 * 1024 * 1024], errors.Ref);

        var error = await errors.FishForMessageAsync(message => message is Error, RemoteSystem.Patience);
        Assert.Contains("Oversized", ((Error)error).Cause?.GetType().Name + ((Error)error).Message);
        Assert.Equal("still there", await echo.Ask<string>("still there", RemoteSystem.Patience));
    }

    [Fact]
    public async Task A_message_that_cannot_be_written_is_logged_and_dropped_and_the_next_arrives()
    {
        var echo = await EchoAsync();
        var errors = Errors();

        echo.Tell(new Unwritable(), ActorRefs.NoSender);

        await errors.FishForMessageAsync(message => message is Error, RemoteSystem.Patience);
        Assert.Equal("still there", await echo.Ask<string>("still there", RemoteSystem.Patience));
    }

    private async Task<IActorRef> EchoAsync() => await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new EchoActor())));

    private Akka.TestKit.TestProbe Errors()
    {
        var probe = _here.Kit.CreateTestProbe();
        _here.System.EventStream.Subscribe(probe.Ref, typeof(Error));
        return probe;
    }

    private sealed class Unwritable
    {
        public string Text => throw new InvalidOperationException("This has no text.");
    }
}
