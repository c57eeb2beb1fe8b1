using Akka.Actor;

namespace ActorInference.Remoting.Tests;

public sealed class MessagingTests : IAsyncLifetime
{
    private readonly RemoteSystem _here = RemoteSystem.Start("here");
    private readonly RemoteSystem _there = RemoteSystem.Start("there");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
    }

    [Fact]
    public async Task An_actor_of_another_system_is_found_by_its_path()
    {
        var echo = _there.System.ActorOf(Props.Create(() => new EchoActor()), "echo");

        var found = await _there.ResolveFrom(_here, echo);

        Assert.Equal(_there.Address, found.Path.Address);
        Assert.Equal(echo.Path.Uid, found.Path.Uid);
        Assert.Equal("/user/echo", found.Path.ToStringWithoutAddress());
    }

    [Fact]
    public async Task A_question_to_another_system_is_answered()
    {
        var echo = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new EchoActor())));

        Assert.Equal("hello", await echo.Ask<string>("hello", RemoteSystem.Patience));
        Assert.Equal(42, await echo.Ask<int>(42, RemoteSystem.Patience));
        Assert.Equal(long.MinValue, await echo.Ask<long>(long.MinValue, RemoteSystem.Patience));
        Assert.Equal(new byte[] { 1, 2, 3 }, await echo.Ask<byte[]>(new byte[] { 1, 2, 3 }, RemoteSystem.Patience));
    }

    [Fact]
    public async Task A_record_without_a_binding_travels_by_the_default_serializer()
    {
        var echo = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new EchoActor())));
        var question = new Greeting("name", 7, [1.5, 2.5]);

        var answer = await echo.Ask<Greeting>(question, RemoteSystem.Patience);

        Assert.Equal((question.Text, question.Number), (answer.Text, answer.Number));
        Assert.Equal(question.Values, answer.Values);
    }

    [Fact]
    public async Task Messages_of_one_sender_to_one_receiver_arrive_in_order_and_once()
    {
        const int Count = 20_000;
        var probe = _there.Kit.CreateTestProbe();
        var receiver = await _there.ResolveFrom(_here, probe.Ref);

        for (var i = 0; i < Count; i++) receiver.Tell(i, ActorRefs.NoSender);

        for (var i = 0; i < Count; i++) Assert.Equal(i, await probe.ExpectMsgAsync<int>(RemoteSystem.Patience));
        await probe.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task The_end_of_a_watched_actor_of_another_system_is_told()
    {
        var watched = _there.System.ActorOf(Props.Create(() => new EchoActor()));
        var seen = await _there.ResolveFrom(_here, watched);
        var probe = _here.Kit.CreateTestProbe();
        await probe.WatchAsync(seen);

        watched.Tell(PoisonPill.Instance, ActorRefs.NoSender);

        var terminated = await probe.ExpectTerminatedAsync(seen, RemoteSystem.Patience);
        Assert.Equal(seen, terminated.ActorRef);
        Assert.False(terminated.AddressTerminated);
    }
}

public sealed record Greeting(string Text, int Number, double[] Values);
