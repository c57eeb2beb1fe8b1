using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>What is not a rollout: failures, load, sets of groups and warm-ups.</summary>
public sealed class ReactionTests
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UnixEpoch;

    [Fact]
    public void A_standalone_role_restarts_the_process_and_linked_roles_do_as_declared()
    {
        var group = Specs.Group(Specs.Role("prefill", 2) + Specs.Role("decode", 2));
        var policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { faults: [{ when: decode, action: RePair }, { when: prefill, action: RestartInstance }] } }");
        var input = new PlanInput(group, group, [new("decode", 0, "r"), new("decode", 1, "r")], Begin) { Policy = policy };

        Assert.Equal(
            [new RestartProcess(new("decode", 1), "", 0, TimeSpan.Zero), new RePair("prefill", new("decode", 1))],
            FaultReactions.Decide(input, new ProcessFailure(new("decode", 1), "", 0), restarts: 0).AsEnumerable());
        Assert.Equal(
            [new RestartProcess(new("prefill", 1), "", 0, TimeSpan.FromSeconds(60)), new RecreateInstance(new("decode", 1), TimeSpan.Zero)],
            FaultReactions.Decide(input, new ProcessFailure(new("prefill", 1), "", 0), restarts: 2).AsEnumerable());
    }

    [Fact]
    public void A_leader_worker_instance_restarts_whole_with_back_off()
    {
        var group = Specs.Group("- { name: e, leaderWorkerPattern: { size: 2, template: { spec: { containers: [{ name: c, image: i }] } } } }");
        var policy = Specs.Policy("- { name: all, roles: [e], strategy: { faults: [{ when: e, action: RecreateGroup }] } }");
        var input = new PlanInput(group, group, [], Begin) { Policy = policy };

        var responses = FaultReactions.Decide(input, new ProcessFailure(new("e", 0), "worker", 0), restarts: 1);

        Assert.Equal(new RecreateInstance(new("e", 0), TimeSpan.FromSeconds(30)), responses[0]);
        Assert.IsType<RecreateGroup>(responses[1]);
    }

    [Fact]
    public void Load_scales_up_at_once_and_down_only_after_its_window()
    {
        var spec = new AutoscalingSpec(1, 20, [new(ScalingMetric.QueueTokens, 1000), new(ScalingMetric.Utilization, 0.5)]) { DownWindow = TimeSpan.FromSeconds(60) };
        var tide = Decide(spec, 2, 0, [], (ScalingMetric.QueueTokens, 10_000), (ScalingMetric.Utilization, 0.5));
        var ebb = Decide(spec, 20, 30, tide.Past, (ScalingMetric.QueueTokens, 10), (ScalingMetric.Utilization, 0.05));
        var later = Decide(spec, 20, 100, ebb.Past, (ScalingMetric.QueueTokens, 10), (ScalingMetric.Utilization, 0.05));

        Assert.Equal((20, 20, 2), (tide.Replicas["p"], ebb.Replicas["p"], later.Replicas["p"]));
        Assert.Equal("QueueTokens is 10000 for a target of 1000", tide.Reason);
    }

    [Fact]
    public void A_metric_that_is_missing_removes_nothing_and_a_small_deviation_changes_nothing()
    {
        var spec = new AutoscalingSpec(1, 10, [new(ScalingMetric.QueueTokens, 1000), new(ScalingMetric.Utilization, 0.5)]) { DownWindow = TimeSpan.Zero };

        Assert.Equal(4, Decide(spec, 4, 0, [], (ScalingMetric.QueueTokens, 10)).Replicas["p"]);
        Assert.Equal(4, Decide(spec, 4, 0, [], (ScalingMetric.QueueTokens, 1050), (ScalingMetric.Utilization, 0.46)).Replicas["p"]);
        Assert.Equal(8, Decide(spec, 4, 0, [], (ScalingMetric.QueueTokens, 2000)).Replicas["p"]);
    }

    [Fact]
    public void Roles_scale_in_their_ratio()
    {
        var spec = new AutoscalingSpec(1, 10, [new(ScalingMetric.Utilization, 0.5)]) { Ratio = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("d", 0.5)]) };

        var decision = Decide(spec, 2, 0, [], (ScalingMetric.Utilization, 1.25));

        Assert.Equal((5, 3), (decision.Replicas["p"], decision.Replicas["d"]));
    }

    [Fact]
    public void A_set_rolls_group_by_group()
    {
        var set = Set("v2", "");
        var (old, now) = (SpecRevision.Of(Set("v1", "").Template), SpecRevision.Of(set.Template));

        Assert.Equal([new UpdateGroup(0)], SetPlanner.Next(set, [new(0, old, true), new(1, old, true), new(2, old, true)]).AsEnumerable());
        Assert.Empty(SetPlanner.Next(set, [new(0, now, false), new(1, old, true), new(2, old, true)]));
        Assert.Equal([new UpdateGroup(2)], SetPlanner.Next(set, [new(0, now, true), new(1, old, true), new(2, old, false)]).AsEnumerable());
        Assert.Equal([new DeleteGroup(3), new CreateGroup(1)], SetPlanner.Next(set, [new(0, now, true), new(2, now, true), new(3, now, true)]).AsEnumerable());
        var strict = Set("v2", $"annotations: {{ {SpecNames.PlannerMode}: rbg-strict }}, ");
        Assert.Equal(3, SetPlanner.Next(strict, [new(0, old, true), new(1, old, true), new(2, old, true)]).Length);
    }

    [Fact]
    public void A_warm_up_goes_some_hosts_at_a_time_and_gives_up_those_that_fail()
    {
        var warmup = new Warmup { Metadata = ObjectMetadata.Named("w"), Policies = new() { Parallelism = 2, BackoffLimitPerNode = 1, MaxFailedNodes = 1 } };
        WarmupPlan Next(params WarmupNode[] nodes) => WarmupPlanner.Next(warmup, nodes, Begin, Begin);

        Assert.Equal(["b"], Next(new("a", true, false, 0), new("b", false, false, 0), new("c", false, false, 1)).Start.AsEnumerable());
        Assert.Equal(WarmupPhase.Completed, Next(new("a", false, true, 0), new("b", false, false, 2)).Phase);
        Assert.Equal(WarmupPhase.Failed, Next(new("a", false, false, 2), new("b", false, false, 2)).Phase);
        Assert.Equal(WarmupPhase.Completed, Next().Phase);
    }

    private static RoleBasedGroupSet Set(string version, string annotations) => (RoleBasedGroupSet)SpecReader.Read(
        $"{{ apiVersion: workloads.x-k8s.io/v1alpha2, kind: RoleBasedGroupSet, metadata: {{ name: s }}, spec: {{ replicas: 3, groupTemplate: {{ {annotations}spec: {{ roles: [{{ name: p, role: prefill, version: {version} }}] }} }} }} }}").Documents[0];

    private static ScalingDecision Decide(AutoscalingSpec spec, int current, int second, ImmutableArray<Recommendation> past, params (ScalingMetric Metric, double Value)[] measured) =>
        Autoscaler.Decide(spec, "p", current, current, measured.ToDictionary(one => one.Metric, one => one.Value), past, Begin.AddSeconds(second));
}
