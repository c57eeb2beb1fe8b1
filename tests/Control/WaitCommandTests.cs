using ActorInference.Host.Cli;

namespace ActorInference.Control.Tests;

/// <summary>Commands that end when something is so, or when it is too late.</summary>
public sealed class WaitCommandTests
{
    [Fact]
    public async Task Delete_returns_when_nothing_of_a_group_is_left()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))}");
        await user.DoAsync("rollout status demo");

        Assert.Equal("rolebasedgroup/demo deleted\n", await user.DoAsync("delete demo"));

        Assert.Equal(("", 0), (await user.DoAsync("get groups"), hosts.Instances.Count));
        Assert.Equal((0, "rolebasedgroup/demo condition met\n", ""), await user.RunAsync("wait --for=delete rbg/demo"));   // As of kubectl: what is not there is gone.
    }

    [Fact]
    public async Task Delete_says_at_the_deadline_what_is_left_and_can_be_waited_for_later()
    {
        var hosts = new SimulatedHosts { IsStuck = instance => instance == "demo-decode-1" };
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var file = user.Write(Specs.Pair("demo", "v1"));
        await user.DoAsync($"apply -f {file}");
        await user.DoAsync("rollout status demo");

        var (exitCode, output, error) = await user.RunAsync($"delete -f {file} --timeout 1s");

        Assert.Equal((CommandLine.Failure, "rolebasedgroup/demo deleted\n"), (exitCode, output));
        Assert.StartsWith("actorinference: not all is gone after 1 s (--timeout), and its end goes on: rolebasedgroup/demo is Deleting, with ", error);
        Assert.Contains("demo-decode-1 Terminating", error);
        Assert.Equal("rolebasedgroup/demo unchanged\n", await user.DoAsync("delete demo --wait=false"));
        Assert.StartsWith("actorinference: timed out after 0.1 s (--timeout) waiting for delete on rolebasedgroup/demo: Deleting, with ", (await user.RunAsync("wait --for=delete rbg demo --timeout 100ms")).Error);
        hosts.IsStuck = _ => false;
        Assert.Equal("rolebasedgroup/demo condition met\n", await user.DoAsync("wait --for=delete rbg demo --timeout 2m"));
        Assert.Empty(hosts.Instances);
    }

    [Fact]
    public async Task Wait_ends_when_a_condition_holds()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {user.Write(Specs.Pair("other", "v1", 1, 1))}");

        Assert.Equal("rolebasedgroup/demo condition met\nrolebasedgroup/other condition met\n", await user.DoAsync("wait --for=condition=Ready groups --all --timeout 2m"));
        Assert.Equal("rolebasedgroup/demo condition met\n", await user.DoAsync("wait --for=condition=ready=true group/demo --timeout=0"));
        Assert.Equal("role/demo/decode condition met\n", await user.DoAsync("wait --for condition=Ready role/demo/decode"));
        Assert.Equal("roleinstance/demo-decode-1 condition met\nroleinstance/other-prefill-0 condition met\n", await user.DoAsync("wait --for condition=Ready pod demo-decode-1 other-prefill-0"));
        Assert.Equal("roleinstance/demo-decode-0 condition met\n", await user.DoAsync("wait --for=create pod/demo-decode-0"));
        await user.DoAsync("rollout pause demo");
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v2"))}");
        Assert.Equal("rolebasedgroup/demo condition met\n", await user.DoAsync("wait --for=condition=Paused rbg/demo --timeout 2m"));
        Assert.Equal("rolebasedgroup/demo condition met\n", await user.DoAsync("wait --for=condition=Ready=false rbg/demo"));
        Assert.Equal("roleinstance/other-prefill-0 condition met\n", await user.DoAsync("wait --for=condition=Ready ri -l rbg.workloads.x-k8s.io/group-name=other,rbg.workloads.x-k8s.io/role-name=prefill"));
    }

    [Fact]
    public async Task Wait_says_at_the_deadline_how_it_is()
    {
        var hosts = new SimulatedHosts { IsWell = launch => !launch.Instance.Contains("decode", StringComparison.Ordinal) };
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1", 1, 1))}");
        await user.DoAsync("wait --for=create ri/demo-prefill-0 --timeout 2m");
        await user.DoAsync("wait --for=condition=Ready ri/demo-prefill-0 --timeout 2m");
        await user.DoAsync("wait --for=create ri/demo-decode-0 --timeout 2m");

        foreach (var (command, pattern) in ((string, string)[])[
            ("wait --for=condition=Ready group/demo --timeout 300ms", "^actorinference: timed out after 0.3 s \\(--timeout\\) waiting for condition=Ready on rolebasedgroup/demo: progressing: prefill 1/1 updated, 1 ready, decode ./1 updated, 0 ready\n$"),
            ("wait --for=condition=Ready role/demo/decode --timeout 0", "^actorinference: timed out after 0 s \\(--timeout\\) waiting for condition=Ready on role/demo/decode: 0 of 1 are ready, ./?.* updated\n$"),
            ("wait --for=create rbg/nope --timeout 0", "^actorinference: timed out after 0 s \\(--timeout\\) waiting for create on rolebasedgroup/nope: it is not there\n$"),
            ("rollout status demo --timeout 1s", "^actorinference: the rollout of group demo is not done after 1 s \\(--timeout\\); it goes on.\n$")])
        {
            var (exitCode, _, error) = await user.RunAsync(command);
            Assert.Equal(CommandLine.Failure, exitCode);
            Assert.Matches(pattern, error);
        }

        Assert.StartsWith("progressing: ", await user.DoAsync("rollout status demo --watch=false"));
        foreach (var (command, error) in ((string, string)[])[
            ("wait demo", "Option '--for' is required. ('actorinference wait --help' lists what there is.)"),
            ("wait --for=ready demo", "--for is 'ready'; expected condition=NAME, delete or create."),
            ("wait --for=condition=Available demo", "--for is 'condition=Available'; expected condition=NAME, of a group one of Ready, Progressing, Partitioned, Paused, Stalled, and =false for its opposite."),
            ("wait --for=condition=Ready policy/demo", "--for is 'condition=Ready'; expected delete or create: a policy has no conditions."),
            ("wait --for=condition=Ready rbg/nope", "Error from server (NotFound): group is 'nope'; there is none of this name."),
            ("wait --for=condition=Ready demo --all", "--all and --selector are for a kind alone; expected one of adapters, groups, instances, roles, sets, warmups, policies."),
            ("wait --for=condition=Ready sets --all", "There are no sets to wait for.")])
            Assert.Equal((CommandLine.UserError, "", $"actorinference: {error}\n"), await user.RunAsync(command));
    }
}
