using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Planning.Placing;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Control.Tests;

/// <summary>What a role's template comes to on an agent.</summary>
public sealed class LaunchTests
{
    private const string Whole = """
        {spec: {
          initContainers: [{name: fetch, image: "tool:v1", args: [fetch]}, {name: check, image: "tool:v1", args: [check], resources: {limits: {cpu: 6}}}],
          containers: [{name: engine, image: "engine:v1", resources: {requests: {cpu: 1}, limits: {cpu: 2}}}, {name: side, image: "side:v1", resources: {cpuSet: "0-1,4"}}]}}
        """;

    [Fact]
    public void Init_containers_are_the_first_process_s_own_and_the_others_wait_for_it()
    {
        var order = Order(Role(Whole));

        Assert.Equal(["demo-engine-0", "demo-engine-0.side"], order.Members.Select(member => member.Launch.Instance));
        var (first, beside) = (order.Members[0].Launch, order.Members[1].Launch);
        Assert.Equal([("fetch", "demo-engine-0", "tool:v1"), ("check", "demo-engine-0", "tool:v1")], first.Init.Select(init => (init.Step, init.Instance, init.Image)));
        Assert.All(first.Init, init => Assert.Contains(init.Environment, variable => variable is { Name: "NODE_NAME", Value: "here" }));
        Assert.Equal((null, "demo-engine-0"), (first.InitBy, beside.InitBy));
        Assert.Empty(beside.Init);
    }

    [Fact]
    public void Containers_of_a_pod_mount_the_volumes_that_they_name_and_claims_by_their_own_name()
    {
        const string Shared = """
            {spec: {
              volumes: [{name: work, emptyDir: {}}, {name: weights, persistentVolumeClaim: {claimName: models}}],
              initContainers: [{name: fetch, image: x, volumeMounts: [{name: work, mountPath: /w}]}],
              containers: [{name: engine, image: x, volumeMounts: [{name: weights, mountPath: /m, subPathExpr: $(POD_NAME)/x}]}, {name: side, image: x, volumeMounts: [{name: work, mountPath: /s, subPath: $a}]}]}}
            """;

        var (first, beside) = (Order(Role(Shared)).Members[0].Launch, Order(Role(Shared)).Members[1].Launch);

        Assert.All((IEnumerable<Roles.Agents.InstanceLaunch>)[first, beside, .. first.Init], launch => Assert.Equal("demo-engine-0", launch.Pod));
        Assert.Equal(("work", "/w", ""), (first.Init[0].Volumes[0].Name, first.Init[0].Volumes[0].MountPath, first.Init[0].Volumes[0].SubPath));
        Assert.Equal(("models", "$(POD_NAME)/x"), (first.Volumes[0].Claim, first.Volumes[0].SubPath));
        Assert.Equal((null, "$$a"), (beside.Volumes[0].Claim, beside.Volumes[0].SubPath));
        var group = SpecReader.ReadGroup(Text(Shared));
        Assert.Equal(SpecRevision.Of(group), SpecRevision.Of(SpecReader.ReadGroup(SpecWriter.Write(group))));
        Assert.Equal("$(POD_NAME)/x", SpecReader.ReadGroup(SpecWriter.Write(group)).Roles[0].Components[0].Template.Containers[0].Mounts[0].SubPathExpression);
    }

    [Fact]
    public void A_whole_limit_of_cores_binds_and_a_set_names_them()
    {
        var order = Order(Role(Whole));

        Assert.Equal([(2, ""), (0, "0-1,4")], order.Members.Select(member => (member.Launch.Resources.Cores, member.Launch.Resources.CpuSet)));
        Assert.Equal(0, Order(Role("{spec: {containers: [{name: engine, image: x, resources: {limits: {cpu: 1500m}}}]}}")).Members[0].Launch.Resources.Cores);
        // 1 is promised and 3 are named; the init container that asks for 6 runs before them.
        Assert.Equal(6, PlacementRequest.Needs(Role(Whole).Components[0].Template).Cpus);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var group = SpecReader.ReadGroup(Text(Whole));

        Assert.Equal(SpecRevision.Of(group), SpecRevision.Of(SpecReader.ReadGroup(SpecWriter.Write(group))));
        Assert.Equal("0-1,4", SpecReader.ReadGroup(SpecWriter.Write(group)).Roles[0].Components[0].Template.Containers[1].Resources.CpuSet);
    }

    [Fact]
    public void Another_init_container_makes_the_instance_anew()
    {
        var decision = InPlaceDecision.Between(Role(Whole), Role(Whole.Replace("tool:v1", "tool:v2", StringComparison.Ordinal)), PlannerMode.Native);

        Assert.False(decision.Possible);
        Assert.All(decision.Blocking, path => Assert.Contains("initContainers", path));
    }

    [Fact]
    public void An_instance_that_begins_again_whole_does_its_init_containers_work_again()
    {
        var state = RoleInstanceState.Empty.Apply(new RoleInstanceEvents.OrderTaken(Order(Role(Whole)), DateTimeOffset.UnixEpoch)).Apply(new RoleInstanceEvents.RestartedWhole(1));

        Assert.All(state.Wanted(), member => Assert.Equal("#1", member.Launch.InitRevision));
    }

    [Fact]
    public void A_container_that_is_to_be_ignored_is_not_held_after_its_end()
    {
        const string Text = """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroup
            metadata: {name: demo}
            spec:
              roles:
              - name: engine
                customComponentsPattern:
                  restartPolicy: RecreateRoleInstanceOnPodRestart
                  components:
                  - {name: main, size: 1, template: {spec: {containers: [{name: c, image: x}]}}}
                  - {name: log, size: 1, template: {metadata: {annotations: {rbg.workloads.x-k8s.io/restart-trigger-policy: Ignore}}, spec: {containers: [{name: c, image: x}]}}}
            """;

        Assert.Equal([true, false], Order(SpecReader.ReadGroup(Text).Roles[0], places: 2).Members.Select(member => member.Launch.IsHeldAfterEnd));
    }

    private static InstanceOrder Order(RoleSpec role, int places = 1) => OrderFactory.Create("demo", role, new ManagedInstance(
        new InstanceKey(role.Name, 0), SpecRevision.Of(role), [.. Enumerable.Repeat(new Place("here", "127.0.0.1", "akka://a/user/agent"), places)], DateTimeOffset.UnixEpoch, InPlace: true, TimeSpan.Zero, IsDeleting: false));

    private static RoleSpec Role(string template) => SpecReader.ReadGroup(Text(template)).Roles[0];

    private static string Text(string template) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata: {name: demo}
        spec:
          roles: [{name: engine, standalonePattern: {template: {{template.ReplaceLineEndings(" ")}} } }]
        """;
}
