using System.Net;
using System.Net.Sockets;
using ActorInference.ClusterNodes.Tests;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace ActorInference.Remoting.Tests;

/// <summary>Connections that break, systems that fall silent, and systems that come back as others.</summary>
public sealed class FailureTests
{
    private const string QuickDetector = """
        akka.remote.flush-wait-on-shutdown = 200ms
        akka.remote.watch-failure-detector {
          heartbeat-interval = 100ms
          acceptable-heartbeat-pause = 5s
          unreachable-nodes-reaper-interval = 100ms
          expected-response-after = 200ms
        }
        """;

    [Fact]
    public async Task After_a_broken_connection_the_conversation_goes_on()
    {
        await using var pair = new ProxiedPair("");
        var echo = await pair.There.ResolveFrom(pair.Here, pair.There.System.ActorOf(Props.Create(() => new EchoActor())));

        pair.Break();

        Assert.Equal("again", await RemoteSystem.Eventually(() => echo.Ask<string>("again", TimeSpan.FromMilliseconds(500))));
    }

    [Fact]
    public async Task The_end_of_a_watched_actor_is_told_in_spite_of_a_broken_connection()
    {
        await using var pair = new ProxiedPair("");
        var watched = pair.There.System.ActorOf(Props.Create(() => new EchoActor()));
        var seen = await pair.There.ResolveFrom(pair.Here, watched);
        var probe = pair.Here.Kit.CreateTestProbe();
        await probe.WatchAsync(seen);
        await seen.Ask<string>("the watch is on its way before this", RemoteSystem.Patience);

        pair.Break();
        watched.Tell(PoisonPill.Instance, ActorRefs.NoSender);

        await probe.ExpectTerminatedAsync(seen, RemoteSystem.Patience);
    }

    [Fact]
    public async Task When_a_system_falls_silent_its_watched_actors_count_as_terminated()
    {
        await using var pair = new ProxiedPair(QuickDetector);
        var seen = await pair.There.ResolveFrom(pair.Here, pair.There.System.ActorOf(Props.Create(() => new EchoActor())));
        var probe = pair.Here.Kit.CreateTestProbe();
        await probe.WatchAsync(seen);
        await probe.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(500));

        pair.Cut();

        var terminated = await probe.ExpectTerminatedAsync(seen, RemoteSystem.Patience);
        Assert.True(terminated.AddressTerminated);
    }

    [Fact]
    public async Task When_a_system_shuts_down_the_watchers_of_its_actors_hear_of_it()
    {
        await using var here = RemoteSystem.Start("here", QuickDetector);
        var there = RemoteSystem.Start("there", QuickDetector);
        var seen = await there.ResolveFrom(here, there.System.ActorOf(Props.Create(() => new EchoActor())));
        var probe = here.Kit.CreateTestProbe();
        await probe.WatchAsync(seen);

        await there.DisposeAsync();

        await probe.ExpectTerminatedAsync(seen, RemoteSystem.Patience);
    }

    [Fact]
    public async Task What_was_sent_before_a_shutdown_arrives()
    {
        const int Count = 10_000;
        await using var there = RemoteSystem.Start("there");
        var probe = there.Kit.CreateTestProbe();
        var here = RemoteSystem.Start("here", "akka.remote.flush-wait-on-shutdown = 40s");
        var receiver = await there.ResolveFrom(here, probe.Ref);

        for (var i = 0; i < Count; i++) receiver.Tell(i, ActorRefs.NoSender);
        await here.DisposeAsync();

        for (var i = 0; i < Count; i++) Assert.Equal(i, await probe.ExpectMsgAsync<int>(RemoteSystem.Patience));
    }

    [Fact]
    public async Task A_system_that_restarts_is_found_anew_and_references_to_its_former_life_are_dead()
    {
        await using var here = RemoteSystem.Start("here", QuickDetector);
        var port = FreePort.Next();
        var first = RemoteSystem.Start("there", QuickDetector, port);
        var old = await first.ResolveFrom(here, first.System.ActorOf(Props.Create(() => new EchoActor()), "echo"));
        Assert.Equal("before", await old.Ask<string>("before", RemoteSystem.Patience));
        await first.DisposeAsync();

        await using var second = RemoteSystem.Start("there", QuickDetector, port);
        second.System.ActorOf(Props.Create(() => new EchoActor()), "echo");
        var found = await RemoteSystem.Eventually(() => second.SelectFrom(here, "/user/echo").ResolveOne(TimeSpan.FromMilliseconds(500)));

        Assert.Equal("after", await found.Ask<string>("after", RemoteSystem.Patience));
        Assert.NotEqual(old, found);
        var dead = second.Kit.CreateTestProbe();
        second.System.EventStream.Subscribe(dead.Ref, typeof(DeadLetter));
        old.Tell("to the former life", ActorRefs.NoSender);
        var letter = await dead.FishForMessageAsync<DeadLetter>(each => each.Message is string, RemoteSystem.Patience);
        Assert.Equal("to the former life", letter.Message);
    }

    [Fact]
    public async Task A_quarantined_system_is_neither_heard_nor_talked_to_until_it_restarts()
    {
        await using var here = RemoteSystem.Start("here", QuickDetector);
        var port = FreePort.Next();
        var first = RemoteSystem.Start("there", QuickDetector, port);
        var echo = await first.ResolveFrom(here, first.System.ActorOf(Props.Create(() => new EchoActor()), "echo"));
        Assert.Equal("before", await echo.Ask<string>("before", RemoteSystem.Patience));
        var events = here.Kit.CreateTestProbe();
        here.System.EventStream.Subscribe(events.Ref, typeof(QuarantinedEvent));

        var uid = AddressUidExtension.Uid(first.System);
        RARP.For(here.System).Provider.Quarantine(first.Address, uid);

        var quarantined = await events.ExpectMsgAsync<QuarantinedEvent>(RemoteSystem.Patience);
        Assert.Equal(first.Address, quarantined.Address);
        Assert.Equal(uid, quarantined.Uid);
        await Assert.ThrowsAnyAsync<Exception>(() => echo.Ask<string>("unheard", TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAnyAsync<Exception>(() => echo.Ask<string>("unheard still", TimeSpan.FromSeconds(1)));
        await first.DisposeAsync();

        await using var second = RemoteSystem.Start("there", QuickDetector, port);
        second.System.ActorOf(Props.Create(() => new EchoActor()), "echo");
        var found = await RemoteSystem.Eventually(() => second.SelectFrom(here, "/user/echo").ResolveOne(TimeSpan.FromMilliseconds(500)));
        Assert.Equal("after", await found.Ask<string>("after", RemoteSystem.Patience));
    }

    [Fact]
    public async Task Questions_to_a_system_that_is_not_there_fail_and_the_asker_lives_on()
    {
        await using var here = RemoteSystem.Start("here");
        await using var there = RemoteSystem.Start("there");
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));   // Held, and not listened on.
        var nowhere = here.System.ActorSelection($"akka.tcp://nobody@{silent.LocalEndPoint}/user/echo");

        await Assert.ThrowsAsync<ActorNotFoundException>(() => nowhere.ResolveOne(TimeSpan.FromSeconds(2)));

        var echo = await there.ResolveFrom(here, there.System.ActorOf(Props.Create(() => new EchoActor())));
        Assert.Equal("well", await echo.Ask<string>("well", RemoteSystem.Patience));
    }
}
