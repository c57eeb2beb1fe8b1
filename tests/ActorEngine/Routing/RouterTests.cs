using Akka.Actor;
using Akka.Routing;

namespace ActorInference.ActorEngine.Tests.Routing;

public sealed class RouterTests() : EngineTest(
    """
    akka.actor.deployment {
      "/configured" {
        router = round-robin-pool
        nr-of-instances = 3
      }
      "/grouped" {
        router = broadcast-group
        routees.paths = ["/user/member-1", "/user/member-2"]
      }
    }
    """)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static Props NamedProps => Props.Create(() => new TellsItsName());

    [Fact]
    public void Round_robin_gives_each_routee_as_many_messages()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(4)));

        for (var i = 0; i < 40; i++) router.Tell("who", TestActor);

        var counts = Enumerable.Range(0, 40).Select(_ => ExpectMsg<string>()).CountBy(name => name).ToList();
        Assert.Equal(4, counts.Count);
        Assert.All(counts, count => Assert.Equal(10, count.Value));
    }

    [Fact]
    public void Broadcast_reaches_every_routee()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new BroadcastPool(5)));

        router.Tell("who", TestActor);

        Assert.Equal(5, Enumerable.Range(0, 5).Select(_ => ExpectMsg<string>()).Distinct().Count());
    }

    [Fact]
    public void A_broadcast_envelope_reaches_every_routee_of_any_router()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(3)));

        router.Tell(new Broadcast("who"), TestActor);

        Assert.Equal(3, Enumerable.Range(0, 3).Select(_ => ExpectMsg<string>()).Distinct().Count());
    }

    [Fact]
    public void Random_reaches_routees_and_nobody_else()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RandomPool(3)));

        for (var i = 0; i < 60; i++) router.Tell("who", TestActor);

        Assert.InRange(Enumerable.Range(0, 60).Select(_ => ExpectMsg<string>()).Distinct().Count(), 2, 3);
    }

    [Fact]
    public void Consistent_hashing_sends_one_key_to_one_routee()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new ConsistentHashingPool(5)));

        for (var i = 0; i < 100; i++) router.Tell(new ConsistentHashableEnvelope(new Key(i % 20), $"key {i % 20}"), TestActor);

        var routed = Enumerable.Range(0, 100).Select(_ => ExpectMsg<(Key Key, string Routee)>()).ToList();
        Assert.InRange(routed.Select(pair => pair.Routee).Distinct().Count(), 2, 5);
        Assert.All(routed.GroupBy(pair => pair.Key), group => Assert.Single(group.Select(pair => pair.Routee).Distinct()));
    }

    [Fact]
    public void A_hash_mapping_finds_the_key_of_a_message()
    {
        var pool = new ConsistentHashingPool(5).WithHashMapping(message => message as string);
        var router = Sys.ActorOf(NamedProps.WithRouter(pool));

        for (var i = 0; i < 10; i++) router.Tell("same", TestActor);

        Assert.Single(Enumerable.Range(0, 10).Select(_ => ExpectMsg<string>()).Distinct());
    }

    [Fact]
    public void A_group_routes_to_actors_that_exist_already()
    {
        var members = new[] { Sys.ActorOf(NamedProps, "one"), Sys.ActorOf(NamedProps, "two") };
        var router = Sys.ActorOf(Props.Empty.WithRouter(new RoundRobinGroup(members.Select(member => member.Path.ToStringWithoutAddress()))));

        for (var i = 0; i < 4; i++) router.Tell("who", TestActor);

        Assert.Equal(["one", "one", "two", "two"], Enumerable.Range(0, 4).Select(_ => ExpectMsg<string>()).Order());
    }

    [Fact]
    public void The_configuration_can_make_an_actor_a_router()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(FromConfig.Instance), "configured");

        for (var i = 0; i < 6; i++) router.Tell("who", TestActor);

        Assert.Equal(3, Enumerable.Range(0, 6).Select(_ => ExpectMsg<string>()).Distinct().Count());
    }

    [Fact]
    public void The_configuration_can_name_the_members_of_a_group()
    {
        Sys.ActorOf(NamedProps, "member-1");
        Sys.ActorOf(NamedProps, "member-2");
        var router = Sys.ActorOf(Props.Empty.WithRouter(FromConfig.Instance), "grouped");

        router.Tell("who", TestActor);

        Assert.Equal(["member-1", "member-2"], Enumerable.Range(0, 2).Select(_ => ExpectMsg<string>()).Order());
    }

    [Fact]
    public async Task A_router_tells_who_its_routees_are()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(3)));

        Assert.Equal(3, (await router.Ask<Routees>(GetRoutees.Instance, Deadline)).Members.Count());
    }

    [Fact]
    public async Task A_routee_that_ends_is_taken_out()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(3)));
        var routees = await router.Ask<Routees>(GetRoutees.Instance, Deadline);
        var victim = routees.Members.Cast<ActorRefRoutee>().First().Actor;

        Sys.Stop(victim);

        await AwaitAssertAsync(async () => Assert.Equal(2, (await router.Ask<Routees>(GetRoutees.Instance, Deadline)).Members.Count()), Deadline);
    }

    [Fact]
    public void A_pool_ends_with_its_last_routee()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(3)));
        Watch(router);

        router.Tell(new Broadcast(PoisonPill.Instance), ActorRefs.NoSender);

        ExpectTerminated(router);
    }

    [Fact]
    public void A_stopped_router_stops_its_routees()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(1)));
        router.Tell("self", TestActor);
        var routee = ExpectMsg<IActorRef>();
        Watch(routee);

        Sys.Stop(router);

        ExpectTerminated(routee);
    }

    [Fact]
    public async Task A_pool_can_be_made_larger_and_smaller()
    {
        var router = Sys.ActorOf(NamedProps.WithRouter(new RoundRobinPool(2)));

        router.Tell(new AdjustPoolSize(2), ActorRefs.NoSender);
        Assert.Equal(4, (await router.Ask<Routees>(GetRoutees.Instance, Deadline)).Members.Count());
        router.Tell(new AdjustPoolSize(-3), ActorRefs.NoSender);

        await AwaitAssertAsync(async () => Assert.Single((await router.Ask<Routees>(GetRoutees.Instance, Deadline)).Members), Deadline);
    }

    private sealed record Key(int Number);

    private sealed class TellsItsName : ReceiveActor
    {
        public TellsItsName()
        {
            Receive<string>(text => text == "self", _ => Sender.Tell(Self));
            Receive<Key>(key => Sender.Tell((key, Self.Path.Name)));
            ReceiveAny(_ => Sender.Tell(Self.Path.Name));
        }
    }
}
