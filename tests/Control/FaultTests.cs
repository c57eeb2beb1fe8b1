using System.Diagnostics;

namespace ActorInference.Control.Tests;

/// <summary>What the failure of one process means for its instance and for others.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task The_failure_of_an_instance_restarts_the_linked_one_once()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"), Faults("demo", "RestartInstance"));
        await node.UntilDoneAsync("demo", 1);
        var before = hosts.Starts.Count;

        hosts.Crash("demo-prefill-1", exitCode: 3);
        await node.UntilAsync("demo", _ => hosts.Starts.Count > before, "the linked instance is begun again");
        hosts.Recover("demo-prefill-1");
        var status = await node.UntilAsync("demo", each => each.Instances.All(instance => instance.IsReady), "all are ready");

        var restarted = Assert.Single(hosts.Starts.Skip(before));
        Assert.Equal("demo-decode-1", restarted.Instance);
        Assert.EndsWith("#1", restarted.Revision);
        await node.UntilNotedAsync("demo", note => note is { Reason: "RestartingLinked", IsWarning: true, Subject: "demo-decode-1" } && note.Message.Contains("exit code 3", StringComparison.Ordinal), "which one was restarted, and why");
        var fault = Assert.Single(status.Instances.SelectMany(instance => instance.Faults));
        Assert.Equal(("demo-prefill-1", 3, "last words of demo-prefill-1\n"), (fault.Process, fault.End.ExitCode, fault.End.LogTail));
    }

    [Fact]
    public async Task A_group_is_made_anew_in_order_with_the_evidence_kept_though_its_control_node_is_killed_meanwhile()
    {
        using var journal = new JournalFile();
        var hosts = new SimulatedHosts();
        int before;
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path))
        {
            await first.ApplyAsync("demo", Specs.Pair("demo", "v1"), Faults("demo", "RecreateGroup"));
            await first.UntilDoneAsync("demo", 1);
            before = hosts.Starts.Count;
            hosts.Crash("demo-prefill-0", signal: 9);
            await first.UntilAsync("demo", _ => hosts.Asked.Any(asked => asked.StartsWith("remove ", StringComparison.Ordinal)), "the group is ending");
        }

        await using (var second = await ControlNode.StartAsync(hosts, journal.Path))
        {
            // One that was to end may have been begun once more by the node that did not know of it yet.
            var status = await second.UntilAsync("demo", each => hosts.Starts.Count >= before + 4 && each.IsDone && each.Instances.Length == 4, "all are made anew");

            var fault = Assert.Single(status.Instances.SelectMany(instance => instance.Faults));
            Assert.Equal(("prefill", 9, "last words of demo-prefill-0\n"), (fault.Role, fault.End.Signal, fault.End.LogTail));
        }

        Assert.Equal(["prefill", "prefill", "decode", "decode"], hosts.Starts.Skip(before).TakeLast(4).Select(start => start.Instance.Split('-')[1]));
    }

    [Fact]
    public async Task An_instance_that_failed_is_left_out_of_the_discovery_file_until_it_is_back()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1", prefill: 2, decode: 1), Faults("demo", "RePair"));
        await node.UntilDoneAsync("demo", 1);
        await node.UntilAsync("demo", _ => Addresses(hosts) == 3, "the discovery file has all");

        hosts.Crash("demo-prefill-0", exitCode: 1);
        await node.UntilAsync("demo", _ => Addresses(hosts) == 2, "the failed one is left out");
        hosts.Recover("demo-prefill-0");
        await node.UntilAsync("demo", _ => Addresses(hosts) == 3, "it is back");

        await node.UntilNotedAsync("demo", note => note is { Reason: "RePairing", Subject: "demo/decode" }, "who was to pair anew");
    }

    [Fact]
    public async Task An_instance_of_several_processes_begins_again_whole_at_once_and_then_after_its_back_off()
    {
        const string Spec = """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroup
            metadata: {name: demo}
            spec:
              roles:
              - name: engine
                leaderWorkerPattern:
                  size: 2
                  restartPolicyConfig: {type: RecreateRoleInstanceOnPodRestart, baseDelaySeconds: 5, maxDelaySeconds: 60}
                  template: {spec: {containers: [{name: engine, image: "engine:v1"}]}}
            """;
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Spec);
        await node.UntilDoneAsync("demo", 1);

        hosts.Crash("demo-engine-0-1", exitCode: 1);
        await node.UntilAsync("demo", _ => hosts.Starts.Count == 4, "both processes are begun again");
        await node.UntilAsync("demo", status => status.Instances[0].IsReady, "both are ready");
        var watch = Stopwatch.StartNew();
        hosts.Crash("demo-engine-0-0", signal: 11);
        await node.UntilAsync("demo", status => status.Instances[0].Message.Contains("signal 11", StringComparison.Ordinal), "it says what it waits for");
        var heldAt = hosts.Starts.Count;
        await node.UntilAsync("demo", status => hosts.Starts.Count == 6 && status.Instances[0].IsReady, "both are begun again after the pause");

        Assert.Equal(4, heldAt);
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(5), $"They were begun again after {watch.Elapsed.TotalSeconds:0.0} s.");
        Assert.Equal(["demo-engine-0-0", "demo-engine-0-1"], hosts.Starts.Skip(4).Select(start => start.Instance).Order());
    }

    private static int Addresses(SimulatedHosts hosts) => hosts.Topologies.GetValueOrDefault("demo", "").Split("address:").Length - 1;

    private static string Faults(string name, string action) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: CoordinatedPolicy
        metadata: {name: {{name}}}
        spec:
          policies:
          - name: faults
            roles: [prefill, decode]
            strategy:
              faults: [{when: prefill, action: {{action}}, roles: [decode]}]
        """;
}
