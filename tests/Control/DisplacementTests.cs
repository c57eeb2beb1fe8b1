using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using HostTopology = ActorInference.Roles.Agents.HostTopology;

namespace ActorInference.Control.Tests;

/// <summary>What becomes of instances that agents refuse, by itself.</summary>
public sealed class DisplacementTests
{
    private const string Gang = "rbg.workloads.x-k8s.io/group-gang-scheduling: \"true\"";
    private const long Gibibyte = 1L << 30;

    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void An_instance_goes_where_GPUs_are_left_on_the_same_host_or_another_or_waits()
    {
        var model = new Model("m", Spec("m"), [Place("near", 0, 1)]);
        model.Refuse(0, "near", "0-1", "x");

        Assert.Equal(("near", "2,3"), Where(model.Plan([Agent("near"), Agent("far")])));
        Assert.Equal(("far", "0,1"), Where(model.Plan([Agent("near", new HostShare("x", [0, 1, 2], 0, 0)), Agent("far")])));
        Assert.Empty(model.Plan([Agent("near", new HostShare("x", [0, 1, 2], 0, 0))]).Events);
    }

    [Fact]
    public void An_instance_that_lost_memory_does_not_go_back_to_the_host_that_has_none()
    {
        var model = new Model("m", Spec("m"), [Place("near", 0, 1)]);
        model.Refuse(0, "near", "", "x");

        Assert.Equal("far", Where(model.Plan([Agent("near"), Agent("far")])).Node);
        Assert.Empty(model.Plan([Agent("near")]).Events);
    }

    [Fact]
    public void What_agents_said_of_other_places_and_of_processes_that_run_is_passed_over()
    {
        var model = new Model("m", Spec("m", replicas: 3), [Place("near", 2, 3)], [Place("near", 0, 1)], [Place("far", 0, 1)]);
        model.Refuse(0, "near", "0-1", "x");
        model.Refuse(1, "far", "0-1", "x");
        model.Refuse(2, "far", "0-1", "x", revision: "r1");

        Assert.Empty(model.Find());
    }

    [Fact]
    public void An_instance_that_was_made_anew_and_is_to_stay_waits_and_a_new_one_does_not()
    {
        var model = new Model("m", Spec("m", annotation: "rbg.workloads.x-k8s.io/role-inplace-scheduling: Required"), [Place("near", 0, 1)]);
        model.Refuse(0, "near", "0-1", "x");

        Assert.Single(model.Plan([Agent("near"), Agent("far")]).Moved);
        model.Apply(new RolloutEvents.InstanceUpdated("engine", 0, model.Revision, InPlace: false, TimeSpan.Zero));
        Assert.Empty(model.Plan([Agent("near"), Agent("far")]).Events);
    }

    [Theory]
    [InlineData("a", 0, true)]
    [InlineData("z", 0, false)]
    [InlineData("z", 59, false)]
    [InlineData("z", 61, true)]
    public void A_gang_gives_back_all_of_it_at_once_to_a_group_before_it_and_else_after_its_timeout(string holder, int seconds, bool givesBack)
    {
        var model = new Model("m", Spec("m", replicas: 2, metadata: Gang), [Place("near", 0, 1)], [Place("far", 0, 1)]) { Now = Start };
        model.Refuse(0, "near", "0-1", holder);
        model.Ready(1);
        model.Now = Start.AddSeconds(seconds);

        var displaced = model.Plan([Agent("near", new HostShare(holder, [0, 1, 2, 3], 0, 0))]);

        Assert.Equal(givesBack ? [new InstanceKey("engine", 0), new InstanceKey("engine", 1)] : [], displaced.Removed);
        Assert.Equal(displaced.Removed.Count, displaced.Events.OfType<RolloutEvents.InstanceDeleting>().Count());
        Assert.Empty(displaced.Moved);
    }

    [Fact]
    public void Of_a_gang_that_was_whole_those_in_service_stay_and_what_suffices_gives_nothing_back()
    {
        var model = new Model("m", Spec("m", replicas: 2, metadata: Gang), [Place("near", 0, 1)], [Place("far", 0, 1)]);
        model.Refuse(0, "near", "0-1", "a");
        model.Ready(1);
        model.Apply(new RolloutEvents.ClockMoved(new RolloutClock(model.GroupRevision, 2, Start)));
        var enough = new Model("m", Spec("m", replicas: 2, metadata: Gang + ", actorinference.io/gang-min-replicas: engine=1"), [Place("near", 0, 1)], [Place("far", 0, 1)]);
        enough.Refuse(0, "near", "0-1", "a");

        Assert.Equal([new InstanceKey("engine", 0)], model.Plan([]).Removed);
        Assert.Empty(enough.Plan([]).Removed);
    }

    [Fact]
    public void An_instance_of_several_members_gives_back_those_it_has_and_one_of_one_member_waits()
    {
        var two = new Model("m", Spec("m", size: 2), [Place("near", 0, 1), Place("far", 0, 1)]);
        two.Refuse(0, "far", "0-1", "a", member: 1);
        var one = new Model("m", Spec("m"), [Place("far", 0, 1)]);
        one.Refuse(0, "far", "0-1", "a");

        Assert.Equal([new InstanceKey("engine", 0)], two.Plan([]).Removed);
        Assert.Empty(one.Plan([]).Events);
    }

    [Fact]
    public void An_instance_says_whether_it_was_ordered_to_be_where_it_is_placed()
    {
        var role = SpecReader.ReadGroup(Spec("m", size: 2)).Roles[0];
        ManagedInstance Managed(params Place[] places) => new(new InstanceKey("engine", 0), "r1", [.. places], Start, InPlace: true, TimeSpan.Zero, IsDeleting: false);
        RoleInstanceProtocol.Observed Says(ManagedInstance of)
        {
            var order = OrderFactory.Create("m", role, of);
            return new RoleInstanceProtocol.Observed("m", "engine", 0, "r1", InstanceStage.Starting, IsReady: false, [], "") { Agents = order.Agents, Devices = order.Devices };
        }

        var said = Says(Managed(Place("near", 0, 1), Place("far", 0, 1)));

        Assert.True(OrderFactory.IsAt(said, role, Managed(Place("near", 0, 1), Place("far", 1, 0))));
        Assert.True(OrderFactory.IsAt(said, role, Managed(Place("near", 0, 1), Place("far", 0, 1), Place("third", 0, 1))));   // It had another member once.
        Assert.False(OrderFactory.IsAt(said, role, Managed(Place("near", 0, 1), Place("far", 2, 3))));
        Assert.False(OrderFactory.IsAt(said, role, Managed(Place("near", 0, 1), Place("third", 0, 1))));
        Assert.True(OrderFactory.IsAt(said with { Devices = null }, role, Managed(Place("near", 0, 1), Place("far", 2, 3))));   // One of before does not say.
    }

    private static (string Node, string Gpus) Where(Displacement displaced)
    {
        var place = Assert.IsType<RolloutEvents.InstanceMoved>(Assert.Single(displaced.Events)).Places[0];
        return (place.Node, string.Join(',', place.Gpus ?? []));
    }

    private static Place Place(string node, params int[] gpus) => new(node, "127.0.0.1", $"akka://a/user/{node}") { Gpus = gpus };

    private static FleetProtocol.AgentIsThere Agent(string node, params HostShare[] taken) => new(
        node, "127.0.0.1", $"akka://a/user/{node}",
        new HostTopology([new NumaNode(0, [0, 1], 16 * Gibibyte)], [.. Enumerable.Range(0, 4).Select(gpu => new HostGpu(gpu, "", "", 0, "", []))], [], ImmutableSortedDictionary<string, string>.Empty),
        TimeSpan.FromSeconds(1)) { Taken = [.. taken] };

    private static string Spec(string name, int replicas = 1, int size = 1, string metadata = "", string annotation = "") => string.Create(CultureInfo.InvariantCulture, $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: {{name}}
          annotations: { {{metadata}} }
        spec:
          roles:
          - name: engine
            replicas: {{replicas}}
            annotations: { {{annotation}} }
            leaderWorkerPattern:
              size: {{size}}
              template:
                spec:
                  containers:
                  - name: engine
                    image: engine:v1
                    resources: { limits: { nvidia.com/gpu: 2, memory: 1Gi } }
        """);

    /// <summary>A group with its places, and what its instances say.</summary>
    private sealed class Model
    {
        private readonly string _group;
        private readonly Declaration _declaration;
        private readonly ObservedInstances _observed = new();
        private RolloutState _state;

        public Model(string group, string yaml, params Place[][] places)
        {
            var declared = new RolloutEvents.Declared(1, yaml, yaml, "", IsPaused: false, IsDeleting: false);
            (_group, _declaration, _state) = (group, Declaration.Read(declared), RolloutState.Empty.Apply(declared));
            Revision = SpecRevision.Of(_declaration.Desired.Roles[0]);
            for (var ordinal = 0; ordinal < places.Length; ordinal++) Apply(new RolloutEvents.InstanceCreated("engine", ordinal, Revision, [.. places[ordinal]], Start));
        }

        public DateTimeOffset Now { get; set; } = Start;

        public string Revision { get; }

        public string GroupRevision => _declaration.Revision;

        public void Apply(RolloutEvents.IRolloutEvent @event) => _state = _state.Apply(@event);

        public void Refuse(int ordinal, string node, string gpus, string holder, int member = 0, string revision = "") => Take(ordinal, isReady: false, new AgentProtocol.InstanceReport(
            "", $"{_group}-engine-{ordinal}-{member}", node, AgentPhase.Waiting, IsReady: false, revision, revision, 0, [], 0, Start, "taken", null) { Conflict = new DeviceConflict("theirs", holder, gpus) });

        public void Ready(int ordinal) => Take(ordinal, isReady: true);

        public IReadOnlyList<RefusedInstance> Find() => Displacement.Find(_group, _declaration, _state, _observed);

        public Displacement Plan(ImmutableArray<FleetProtocol.AgentIsThere> agents)
        {
            var displacement = new Displacement(_group, _declaration, _state, agents, Now);
            displacement.Plan(Find(), _observed.WasReady);
            return displacement;
        }

        private void Take(int ordinal, bool isReady, params AgentProtocol.InstanceReport[] reports) =>
            _observed.Take(new RoleInstanceProtocol.Observed(_group, "engine", ordinal, Revision, isReady ? InstanceStage.Settled : InstanceStage.Starting, isReady, [.. reports], ""), Revision, Now);
    }
}
