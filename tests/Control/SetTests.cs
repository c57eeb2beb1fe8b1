using ActorInference.Roles.Groups.Objects;

namespace ActorInference.Control.Tests;

public sealed class SetTests
{
    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_set_brings_its_groups_up_rolls_them_one_after_the_other_and_ends_with_them()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.DeclareAsync(ObjectKind.Set, "fleet", Set("v1", 3));
        await UntilReadyAsync(node);
        Assert.Equal(6, hosts.Instances.Count);
        var before = hosts.Starts.Count;

        await node.DeclareAsync(ObjectKind.Set, "fleet", Set("v2", 3));
        await UntilReadyAsync(node, "v2");

        var rolled = hosts.Starts.Skip(before).Select(start => start.Instance[..start.Instance.LastIndexOf("-engine", StringComparison.Ordinal)]).ToList();
        Assert.Equal(["fleet-0", "fleet-0", "fleet-1", "fleet-1", "fleet-2", "fleet-2"], rolled);

        await node.AskObjectAsync(new ObjectProtocol.Scale(ObjectKind.Set, "fleet", 1, Now));
        await node.UntilAsync(ObjectKind.Set, "fleet", state => state is { Phase: "Ready", Current: 1 } && hosts.Instances.Count == 2, "one group is left");
        Assert.All(hosts.Instances, instance => Assert.StartsWith("fleet-0-", instance.Instance));

        await node.AskObjectAsync(new ObjectProtocol.Delete(ObjectKind.Set, "fleet", Now));
        await node.UntilAsync(ObjectKind.Set, "fleet", state => state is null && hosts.Instances.Count == 0, "nothing is left");
        await node.UntilUnlistedAsync(ObjectKind.Set);
    }

    [Fact]
    public async Task A_group_that_goes_back_holds_the_set_and_is_not_declared_again()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.DeclareAsync(ObjectKind.Set, "fleet", Set("v1", 2));
        await UntilReadyAsync(node);
        hosts.IsWell = launch => launch.Image != "engine:v2";

        await node.DeclareAsync(ObjectKind.Set, "fleet", Set("v2", 2, "rolloutStrategy: {progressDeadlineSeconds: 1}"));
        var held = await node.UntilAsync(ObjectKind.Set, "fleet", state => state!.Message.Contains("roll-back", StringComparison.Ordinal), "the set says that its first group went back");

        Assert.StartsWith("fleet-0 is at revision", held!.Message);
        Assert.Equal("Outdated", held.Parts[1].Status);
        await node.UntilAsync("fleet-0", status => status.Instances.All(instance => instance.IsReady), "the group that went back serves again");
        Assert.DoesNotContain(hosts.Starts, start => start.Instance.StartsWith("fleet-1-", StringComparison.Ordinal) && hosts.Starts.Count(each => each.Instance == start.Instance) > 1);
    }

    [Fact]
    public async Task A_set_goes_on_after_its_control_node_was_killed()
    {
        using var journal = new JournalFile();
        var hosts = new SimulatedHosts();
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path))
        {
            await first.DeclareAsync(ObjectKind.Set, "fleet", Set("v1", 3));
            await UntilReadyAsync(first);
            var before = hosts.Starts.Count;
            await first.DeclareAsync(ObjectKind.Set, "fleet", Set("v2", 3));
            await first.UntilAsync(ObjectKind.Set, "fleet", _ => hosts.Starts.Count > before, "the roll has begun");
        }

        await using (var second = await ControlNode.StartAsync(hosts, journal.Path))
        {
            await UntilReadyAsync(second, "v2");
        }

        Assert.Equal(12, hosts.Starts.Count);
        Assert.Equal(12, hosts.Starts.Distinct().Count());
    }

    private static Task UntilReadyAsync(ControlNode node, string version = "v1") =>
        node.UntilAsync(ObjectKind.Set, "fleet", state => state is { Phase: "Ready" } && state.Yaml.Contains($"engine:{version}", StringComparison.Ordinal), $"all groups are ready at {version}");

    private static string Set(string version, int replicas, string extra = "") => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupSet
        metadata: {name: fleet}
        spec:
          replicas: {{replicas}}
          groupTemplate:
            spec:
              roles:
              - name: engine
                replicas: 2
                {{extra}}
                standalonePattern:
                  template:
                    spec:
                      containers:
                      - {name: engine, image: "engine:{{version}}"}
        """;
}
