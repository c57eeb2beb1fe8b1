using Akka.Actor;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Paths;

public sealed class ActorSelectionTests : EngineTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_selection_by_absolute_path_finds_the_actor()
    {
        var actor = NewActor("target");

        Assert.Equal(actor, await Sys.ActorSelection("/user/target").ResolveOne(Deadline));
        Assert.Equal(actor, await Sys.ActorSelection(actor.Path).ResolveOne(Deadline));
        Assert.Equal(actor, await Sys.ActorSelection($"akka://{Sys.Name}/user/target").ResolveOne(Deadline));
    }

    [Fact]
    public async Task Nobody_at_the_path_is_an_ActorNotFoundException()
    {
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/nobody").ResolveOne(Deadline));
    }

    [Fact]
    public void Identify_is_answered_without_a_subject_where_nobody_is()
    {
        Sys.ActorSelection("/user/nobody").Tell(new Identify("id"), TestActor);

        ExpectMsg<ActorIdentity>(identity =>
        {
            Assert.Equal("id", identity.MessageId);
            Assert.Null(identity.Subject);
        });
    }

    [Fact]
    public async Task A_relative_path_begins_at_the_actor()
    {
        var parent = NewActor("parent");
        var child = await parent.Ask<IActorRef>(new StartChild(Props.Create(() => new Selects()), "child"), Deadline);
        var sibling = await parent.Ask<IActorRef>(new StartChild(Props.Create(() => new Selects()), "sibling"), Deadline);

        Assert.Equal(sibling, await child.Ask<IActorRef>("../sibling", Deadline));
        Assert.Equal(parent, await child.Ask<IActorRef>("..", Deadline));
        Assert.Equal(parent, await child.Ask<IActorRef>("../../parent", Deadline));
    }

    [Fact]
    public void A_pattern_reaches_all_that_fit()
    {
        foreach (var name in new[] { "worker-1", "worker-2", "worker-10", "other" }) Sys.ActorOf(Props.Create(() => new TellsItsName()), name);

        Sys.ActorSelection("/user/worker-?").Tell("who", TestActor);
        Assert.Equal(["worker-1", "worker-2"], new[] { ExpectMsg<string>(), ExpectMsg<string>() }.Order());

        Sys.ActorSelection("/user/worker-*").Tell("who", TestActor);
        Assert.Equal(["worker-1", "worker-10", "worker-2"], new[] { ExpectMsg<string>(), ExpectMsg<string>(), ExpectMsg<string>() }.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_pattern_may_stand_in_the_middle()
    {
        foreach (var name in new[] { "left", "right" })
            await NewActor(name).Ask<IActorRef>(new StartChild(Props.Create(() => new TellsItsName()), "leaf"), Deadline);

        Sys.ActorSelection("/user/*/leaf").Tell("who", TestActor);

        ExpectMsg("leaf");
        ExpectMsg("leaf");
    }

    [Fact]
    public void A_selection_can_stop_what_it_finds()
    {
        var actor = NewActor("doomed");
        Watch(actor);

        Sys.ActorSelection("/user/doomed").Tell(PoisonPill.Instance);

        ExpectTerminated(actor);
    }

    [Fact]
    public async Task A_reference_can_be_resolved_from_its_text()
    {
        var actor = NewActor("written");
        var provider = ((ExtendedActorSystem)Sys).Provider;

        Assert.Equal(actor, provider.ResolveActorRef(actor.Path.ToSerializationFormat()));
        await actor.GracefulStop(Deadline);

        // Its parent may hear of the end a moment later than we do.
        await AwaitAssertAsync(
            () => Assert.IsNotType<LocalActorRef>(provider.ResolveActorRef(actor.Path.ToSerializationFormat())), Deadline);
    }

    private IActorRef NewActor(string name) => Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), name);

    private sealed class Selects : ReceiveActor
    {
        public Selects() => ReceiveAsync<string>(async path => Sender.Tell(await Context.ActorSelection(path).ResolveOne(Deadline)));
    }

    private sealed class TellsItsName : ReceiveActor
    {
        public TellsItsName() => ReceiveAny(_ => Sender.Tell(Self.Path.Name));
    }
}
