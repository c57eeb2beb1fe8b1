using System.Collections.Immutable;
using System.Text;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using Akka.Actor;

namespace ActorInference.Control.Tests;

/// <summary>What is journaled is read by every later version: the bytes are frozen here.</summary>
public sealed class SerializerTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("serializing", "akka.loglevel = OFF, akka.stdout-loglevel = OFF, akka.loggers = []");

    private static ObjectSnapshots.Declaration Declaration => new("yaml", "demo", DateTimeOffset.UnixEpoch, IsDeleting: false);

    public static TheoryData<string, object, string> Frozen => new()
    {
        { "g-declared", new GroupEvents.GroupDeclared("yaml", "hash", DateTimeOffset.UnixEpoch, "apply"), """{"Yaml":"yaml","Hash":"hash","At":"1970-01-01T00:00:00+00:00","Cause":"apply"}""" },
        { "g-promoted", new GroupEvents.RevisionPromoted(), "{}" },
        { "f-listed", new GroupListed("demo", true), """{"Group":"demo","Exists":true}""" },
        { "r-updated", new RolloutEvents.InstanceUpdated("prefill", 1, "r2", true, TimeSpan.FromSeconds(30)), """{"Role":"prefill","Ordinal":1,"Revision":"r2","InPlace":true,"Grace":"00:00:30"}""" },
        {
            "r-created",
            new RolloutEvents.InstanceCreated("prefill", 0, "r1", [new Place("here", "127.0.0.1", "akka://a/user/node-agent")], DateTimeOffset.UnixEpoch),
            """{"Role":"prefill","Ordinal":0,"Revision":"r1","Places":[{"Node":"here","Address":"127.0.0.1","AgentPath":"akka://a/user/node-agent"}],"At":"1970-01-01T00:00:00+00:00"}"""
        },
        { "r-seed", new RolloutEvents.SeedSeen("127.0.0.1:1"), """{"Seed":"127.0.0.1:1"}""" },
        { "i-done", new RoleInstanceEvents.OrderDone(), "{}" },
        { "f-object", new ObjectListed(ObjectKind.Adapter, "demo-prefill", true), """{"Kind":"Adapter","Name":"demo-prefill","Exists":true}""" },
        { "o-declared", new ObjectEvents.ObjectDeclared("yaml", "demo", DateTimeOffset.UnixEpoch), """{"Yaml":"yaml","Owner":"demo","At":"1970-01-01T00:00:00+00:00"}""" },
        { "o-child", new ObjectEvents.ChildDeclared(2, "t"), """{"Index":2,"Template":"t"}""" },
        { "o-scaled", new ObjectEvents.AdapterScaled(3, "why", DateTimeOffset.UnixEpoch), """{"Replicas":3,"Reason":"why","At":"1970-01-01T00:00:00+00:00"}""" },
        { "o-warmed", new ObjectEvents.HostWarmed("here", true, ""), """{"Node":"here","IsSuccess":true,"Message":""}""" },
        { "o-warmup-ended", new ObjectEvents.WarmupEnded("Failed", "why", DateTimeOffset.UnixEpoch), """{"Phase":"Failed","Reason":"why","At":"1970-01-01T00:00:00+00:00"}""" },
        {
            "r-fault",
            new RolloutEvents.FaultSeen("prefill", 0, "p", new Evidence(DateTimeOffset.UnixEpoch, 1, null, EndReason.Error, "", "log", "r1")),
            """{"Role":"prefill","Ordinal":0,"Process":"p","End":{"At":"1970-01-01T00:00:00+00:00","ExitCode":1,"Reason":"Error","Message":"","LogTail":"log","Revision":"r1"}}"""
        },
        { "r-recreating", new RolloutEvents.RecreationBegun("why", 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch), """{"Cause":"why","Count":1,"At":"1970-01-01T00:00:00+00:00","NotBefore":"1970-01-01T00:00:00+00:00"}""" },
        {
            "r-moved",
            new RolloutEvents.InstanceMoved("prefill", 0, [new Place("here", "127.0.0.1", "akka://a/user/node-agent")], DateTimeOffset.UnixEpoch),
            """{"Role":"prefill","Ordinal":0,"Places":[{"Node":"here","Address":"127.0.0.1","AgentPath":"akka://a/user/node-agent"}],"At":"1970-01-01T00:00:00+00:00"}"""
        },
        { "r-seeds", new RolloutEvents.SeedsLost(["127.0.0.1:1"]), """{"Left":["127.0.0.1:1"]}""" },
        {
            "i-moved",
            new RoleInstanceEvents.OrderMoved(new InstanceOrder("demo", "prefill", 0, "r1", []), DateTimeOffset.UnixEpoch),
            """{"Order":{"Group":"demo","Role":"prefill","Ordinal":0,"Revision":"r1","Members":[],"IsRecreated":false,"Grace":"00:00:00","Id":"demo/prefill/0"},"At":"1970-01-01T00:00:00+00:00"}"""
        },
        {
            "g-snapshot",
            new ControlSnapshots.Group([new GroupRevision(1, "hash", "yaml", DateTimeOffset.UnixEpoch, "apply")], 1, "yaml", "", IsPaused: false, IsDeleting: false, 2, DateTimeOffset.UnixEpoch),
            """{"Revisions":[{"Number":1,"Hash":"hash","Yaml":"yaml","At":"1970-01-01T00:00:00+00:00","Cause":"apply"}],"Stable":1,"StableYaml":"yaml","Policy":"","IsPaused":false,"IsDeleting":false,"Generation":2,"CreatedAt":"1970-01-01T00:00:00+00:00"}"""
        },
        {
            "r-snapshot",
            new ControlSnapshots.Rollout(
                new RolloutEvents.Declared(1, "desired", "stable", "", IsPaused: false, IsDeleting: false),
                [new ControlSnapshots.Instance("prefill", 0, "r1", [new Place("here", "127.0.0.1", "akka://a/user/node-agent")], DateTimeOffset.UnixEpoch, InPlace: true, TimeSpan.FromSeconds(30), IsDeleting: false)],
                new Roles.Groups.Planning.RolloutClock("g1", 1, DateTimeOffset.UnixEpoch), ["127.0.0.1:1"], [], null, IsRecreating: false),
            """{"Declaration":{"Generation":1,"Desired":"desired","Stable":"stable","Policy":"","IsPaused":false,"IsDeleting":false},"Instances":[{"Role":"prefill","Ordinal":0,"Revision":"r1","Places":[{"Node":"here","Address":"127.0.0.1","AgentPath":"akka://a/user/node-agent"}],"CreatedAt":"1970-01-01T00:00:00+00:00","InPlace":true,"Grace":"00:00:30","IsDeleting":false}],"Clock":{"Revision":"g1","UpdatedReady":1,"LastProgress":"1970-01-01T00:00:00+00:00"},"Seeds":["127.0.0.1:1"],"Faults":[],"IsRecreating":false}"""
        },
        {
            "i-snapshot",
            new ControlSnapshots.RoleInstance(null, null, IsBegun: true, IsDone: true, IsRemoved: false, 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 2, DateTimeOffset.UnixEpoch, null),
            """{"IsBegun":true,"IsDone":true,"IsRemoved":false,"Restarts":1,"CreatedAt":"1970-01-01T00:00:00+00:00","OrderedAt":"1970-01-01T00:00:00+00:00","Failures":2,"FailedAt":"1970-01-01T00:00:00+00:00"}"""
        },
        {
            "f-snapshot",
            new ControlSnapshots.Fleet(["demo"], [new ControlSnapshots.Listed(ObjectKind.Set, "all")]),
            """{"Groups":["demo"],"Objects":[{"Kind":"Set","Name":"all"}]}"""
        },
        {
            "o-set-snapshot",
            new ObjectSnapshots.Set(Declaration, [new ObjectSnapshots.Child(0, "t")]),
            """{"Declared":{"Yaml":"yaml","Owner":"demo","CreatedAt":"1970-01-01T00:00:00+00:00","IsDeleting":false},"Children":[{"Index":0,"Template":"t"}]}"""
        },
        {
            "o-adapter-snapshot",
            new ObjectSnapshots.Adapter(Declaration, 3, "why"),
            """{"Declared":{"Yaml":"yaml","Owner":"demo","CreatedAt":"1970-01-01T00:00:00+00:00","IsDeleting":false},"Replicas":3,"Reason":"why"}"""
        },
        {
            "o-warmup-snapshot",
            new ObjectSnapshots.Warmup(Declaration, DateTimeOffset.UnixEpoch, [new ObjectSnapshots.Host("here", false, 2, "no space")], new ObjectEvents.WarmupEnded("Failed", "why", DateTimeOffset.UnixEpoch)),
            """{"Declared":{"Yaml":"yaml","Owner":"demo","CreatedAt":"1970-01-01T00:00:00+00:00","IsDeleting":false},"StartedAt":"1970-01-01T00:00:00+00:00","Hosts":[{"Node":"here","IsSuccess":false,"Failures":2,"Message":"no space"}],"Ended":{"Phase":"Failed","Reason":"why","At":"1970-01-01T00:00:00+00:00"}}"""
        },
        { "i-restarted", new RoleInstanceEvents.RestartedWhole(2), """{"Generation":2}""" },
    };

    [Theory]
    [MemberData(nameof(Frozen))]
    public void The_journaled_form_never_changes(string manifest, object @event, string json)
    {
        var serializer = new GroupSerializer((ExtendedActorSystem)_system);

        Assert.Equal(json, Encoding.UTF8.GetString(serializer.ToBinary(@event)));
        Assert.Equal(manifest, serializer.Manifest(@event));
        Assert.Equal(json, Encoding.UTF8.GetString(serializer.ToBinary(serializer.FromBinary(Encoding.UTF8.GetBytes(json), manifest))));
    }

    [Fact]
    public void An_order_comes_back_whole()
    {
        var serializer = new GroupSerializer((ExtendedActorSystem)_system);
        var launch = new InstanceLaunch
        {
            Instance = "demo-prefill-0",
            Owner = "demo/prefill/0",
            Revision = "r1",
            Image = "actorinference:1",
            Command = ["a"],
            Args = ["b", "$(C)"],
            Environment = [new Variable("C", "d")],
            Ports = [new PortRequest("http", 0)],
            Readiness = new ProbeSpec(ProbeAction.Http("http", "/health")) { Period = TimeSpan.FromSeconds(1) },
            Liveness = new ProbeSpec(ProbeAction.Exec("true")),
            PreStop = ProbeAction.Tcp("http"),
            Resources = new InstanceResources(1 << 30, "0-1", [0, 1]),
            Volumes = [new VolumeMount("cache", null, InMemory: true, "/cache")],
        };
        var order = new InstanceOrder("demo", "prefill", 0, "r1", [new MemberOrder(launch, "here", "akka://a/user/node-agent")])
        {
            IsRecreated = true,
            Grace = TimeSpan.FromSeconds(3),
            Before = new OrderHook(ProbeAction.Exec("dump"), TimeSpan.FromSeconds(9)),
            Together = RestartDelays.Default,
        };
        var taken = new RoleInstanceEvents.OrderTaken(order, DateTimeOffset.UnixEpoch);

        var bytes = serializer.ToBinary(taken);
        var back = Assert.IsType<RoleInstanceEvents.OrderTaken>(serializer.FromBinary(bytes, "i-order"));

        Assert.Equal(bytes, serializer.ToBinary(back));
        Assert.Equal([0, 1], back.Order.Members[0].Launch.Resources.Gpus!.Value.ToArray());
        Assert.Equal("$(C)", back.Order.Members[0].Launch.Args[1]);
    }

    [Fact]
    public void Peers_that_know_nothing_of_shares_are_understood()
    {
        var serializer = new GroupSerializer((ExtendedActorSystem)_system);
        var topology = new HostTopology([], [], [], ImmutableSortedDictionary<string, string>.Empty);
        var agent = new FleetProtocol.AgentIsThere("here", "127.0.0.1", "akka://a/user/node-agent", topology, TimeSpan.FromSeconds(2));

        var asked = (FleetProtocol.GetAgents)serializer.FromBinary("{}"u8.ToArray(), "f-agents?");
        var without = (FleetProtocol.AgentIsThere)serializer.FromBinary(serializer.ToBinary(agent), "f-agent");
        var with = (FleetProtocol.AgentIsThere)serializer.FromBinary(serializer.ToBinary(agent with { Taken = [new HostShare("demo", [0, 1], 1.5, 1 << 30)] }), "f-agent");

        Assert.Null(asked.Group);
        Assert.Null(without.Taken);
        Assert.Equal(("demo", "0,1", 1.5), (with.Taken!.Value[0].Group, string.Join(',', with.Taken.Value[0].Gpus), with.Taken.Value[0].Cpus));
        Assert.DoesNotContain("Conflict", Encoding.UTF8.GetString(serializer.ToBinary(Report)));
        Assert.Equal(new DeviceConflict("a", "demo", "0-1"), ((AgentProtocol.InstanceReport)serializer.FromBinary(serializer.ToBinary(Report with { Conflict = new DeviceConflict("a", "demo", "0-1") }), "a-report")).Conflict);
    }

    private static AgentProtocol.InstanceReport Report => new("demo/engine/0", "demo-engine-0", "here", AgentPhase.Waiting, IsReady: false, "", "", 0, [], 0, DateTimeOffset.UnixEpoch, "", null);

    [Fact]
    public void An_unknown_manifest_is_refused()
    {
        var serializer = new GroupSerializer((ExtendedActorSystem)_system);

        var failure = Assert.Throws<System.Runtime.Serialization.SerializationException>(() => serializer.FromBinary([], "x-new"));

        Assert.Contains("x-new", failure.Message);
    }

    public void Dispose() => _system.Dispose();
}
