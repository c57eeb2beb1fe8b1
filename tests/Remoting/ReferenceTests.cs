using Akka.Actor;
using Google.Protobuf.WellKnownTypes;

namespace ActorInference.Remoting.Tests;

/// <summary>References, outcomes and foreign formats within messages.</summary>
public sealed class ReferenceTests : IAsyncLifetime
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
    public async Task A_reference_within_a_message_reaches_its_actor_from_there()
    {
        var introducer = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new Introducer())));
        var probe = _here.Kit.CreateTestProbe();

        introducer.Tell(new Introduce(probe.Ref), ActorRefs.NoSender);

        Assert.Equal("how do you do", await probe.ExpectMsgAsync<string>(RemoteSystem.Patience));
    }

    [Fact]
    public async Task A_reference_that_comes_back_is_the_local_one()
    {
        var echo = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new EchoActor())));
        var probe = _here.Kit.CreateTestProbe();

        var back = await echo.Ask<Introduce>(new Introduce(probe.Ref), RemoteSystem.Patience);

        Assert.Equal(probe.Ref, back.Whom);
        Assert.True(((IActorRefScope)back.Whom).IsLocal);
    }

    [Fact]
    public async Task An_answer_comes_from_the_sender_that_others_can_answer_too()
    {
        var echo = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new EchoActor())));
        var probe = _here.Kit.CreateTestProbe();

        echo.Tell("first", probe.Ref);
        await probe.ExpectMsgAsync("first", RemoteSystem.Patience);
        Assert.Equal(echo, probe.LastSender);
        probe.Reply("second");

        await probe.ExpectMsgAsync("second", RemoteSystem.Patience);
    }

    [Fact]
    public async Task A_failure_faults_the_question_with_its_cause()
    {
        var failing = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new Failing())));

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => failing.Ask<string>("question", RemoteSystem.Patience));

        var causes = (thrown as AggregateException)?.Flatten().InnerExceptions ?? [thrown];
        Assert.Contains(causes, cause => cause is InvalidOperationException && cause.Message == "it cannot be done");
    }

    [Fact]
    public async Task A_protobuf_message_travels_in_its_own_format()
    {
        var echo = await _there.ResolveFrom(_here, _there.System.ActorOf(Props.Create(() => new EchoActor())));
        var question = Timestamp.FromDateTime(new DateTime(2024, 10, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Equal(question, await echo.Ask<Timestamp>(question, RemoteSystem.Patience));
    }

    [Fact]
    public async Task A_selection_with_a_pattern_reaches_all_that_match()
    {
        var probe = _here.Kit.CreateTestProbe();
        foreach (var name in new[] { "match-1", "match-2", "other" }) _there.System.ActorOf(Props.Create(() => new EchoActor()), name);

        _there.SelectFrom(_here, "/user/match-*").Tell(new Identify("who"), probe.Ref);

        var first = await probe.ExpectMsgAsync<ActorIdentity>(RemoteSystem.Patience);
        var second = await probe.ExpectMsgAsync<ActorIdentity>(RemoteSystem.Patience);
        Assert.Equal(["match-1", "match-2"], new[] { first.Subject.Path.Name, second.Subject.Path.Name }.Order());
        await probe.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Where_nobody_lives_the_identity_has_no_subject()
    {
        var probe = _here.Kit.CreateTestProbe();

        _there.SelectFrom(_here, "/user/nobody").Tell(new Identify(7), probe.Ref);

        var identity = await probe.ExpectMsgAsync<ActorIdentity>(RemoteSystem.Patience);
        Assert.Equal(7, identity.MessageId);
        Assert.Null(identity.Subject);
    }

    [Fact]
    public async Task A_poison_pill_stops_an_actor_of_another_system()
    {
        var victim = _there.System.ActorOf(Props.Create(() => new EchoActor()));
        var seen = await _there.ResolveFrom(_here, victim);
        var probe = _there.Kit.CreateTestProbe();
        await probe.WatchAsync(victim);

        seen.Tell(PoisonPill.Instance, ActorRefs.NoSender);

        await probe.ExpectTerminatedAsync(victim, RemoteSystem.Patience);
    }

    private sealed class Introducer : ReceiveActor
    {
        public Introducer() => Receive<Introduce>(introduce => introduce.Whom.Tell("how do you do"));
    }

    private sealed class Failing : ReceiveActor
    {
        public Failing() => ReceiveAny(_ => Sender.Tell(new Status.Failure(new InvalidOperationException("it cannot be done"))));
    }
}

public sealed record Introduce(IActorRef Whom);
