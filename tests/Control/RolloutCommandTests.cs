using ActorInference.Host.Cli;

namespace ActorInference.Control.Tests;

/// <summary>Rollouts by the commands that people and pipelines type.</summary>
public sealed class RolloutCommandTests
{
    private static string QuickDeadline => "rolloutStrategy: {progressDeadlineSeconds: 2}";

    [Fact]
    public async Task Waiting_for_a_rollout_ends_when_it_is_done_and_its_revisions_can_be_compared()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))}");
        Assert.EndsWith("group demo is rolled out: revision 1\n", await user.DoAsync("rollout status demo -w --timeout 2m"));
        await node.UntilStableAsync("demo", 1);
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v2"))}");
        Assert.EndsWith("group demo is rolled out: revision 2\n", await user.DoAsync("rollout status demo -w"));
        await node.UntilStableAsync("demo", 2);

        var history = await user.DoAsync("rollout history demo");
        Assert.Equal(["REVISION", "AGE", "STATE", "CAUSE"], CommandUser.Words(history, line: 0));
        Assert.Contains("current, stable", history.Split('\n')[2]);
        var diff = await user.DoAsync("rollout diff demo --revision 1");
        Assert.Contains("engine:v1", diff.Split('\n').First(line => line.StartsWith('-')));
        Assert.Contains("engine:v2", diff.Split('\n').First(line => line.StartsWith('+')));
        Assert.Equal("revision 2 is the declared one\n", await user.DoAsync("rollout diff demo --revision 2"));
        Assert.Contains("engine:v1", await user.DoAsync("rollout history demo --revision 1"));
        var unknown = await user.RunAsync("rollout diff demo --revision 7");
        Assert.Equal((2, "actorinference: --revision is '7'; expected one of 1, 2.\n"), (unknown.ExitCode, unknown.Error));
    }

    [Fact]
    public async Task Waiting_for_a_first_rollout_that_stalls_ends_with_the_instance_and_the_reason()
    {
        var hosts = new SimulatedHosts { IsWell = _ => false };
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1", extra: QuickDeadline))}");

        var waited = await user.RunAsync("rollout status demo -w");

        Assert.Equal(CommandLine.Failure, waited.ExitCode);
        Assert.Matches("^actorinference: the rollout of group demo has exceeded its progress deadline: no progress for [0-9]+ s of 2 s: prefill-[01] is not ready: Readiness probe failed\n$", waited.Error);
        await user.UntilAsync("get groups", output => output.Contains("Stalled", StringComparison.Ordinal), "it is shown");
        await node.UntilNotedAsync("demo", note => note is { IsWarning: true, Reason: "ProgressDeadlineExceeded" }, "the deadline is exceeded");
        Assert.Contains("stalled: no progress", await user.DoAsync("status demo"));
    }

    [Fact]
    public async Task Waiting_for_a_rollout_that_is_rolled_back_ends_with_the_reason()
    {
        var hosts = new SimulatedHosts { IsWell = launch => launch.Image != "engine:v2" };
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))}");
        await user.DoAsync("rollout status demo -w");
        await node.UntilStableAsync("demo", 1);
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v2", extra: QuickDeadline))}");

        var waited = await user.RunAsync("rollout status demo -w");

        Assert.Equal(CommandLine.Failure, waited.ExitCode);
        Assert.StartsWith("actorinference: the rollout of group demo has failed and is rolled back, as revision 3: ", waited.Error);
        Assert.Contains("prefill-1 is not ready: Readiness probe failed", waited.Error);
        var undone = await user.RunAsync("rollout undo demo");
        Assert.Equal((CommandLine.UserError, "actorinference: group demo is rolled back already, as revision 3; expected the revision to go to, one of 2, 3.\n"), (undone.ExitCode, undone.Error));
    }

    [Fact]
    public async Task Waiting_ends_at_a_pause_and_at_the_timeout()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))}");
        await user.DoAsync("rollout status demo -w");
        await node.UntilStableAsync("demo", 1);
        await user.DoAsync("rollout pause demo");
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v2"))}");

        var paused = await user.RunAsync("rollout status demo -w");
        hosts.IsWell = _ => false;
        await user.DoAsync("rollout resume demo");
        var late = await user.RunAsync("rollout status demo -w --timeout 1s");

        Assert.Equal((CommandLine.Failure, "actorinference: the rollout of group demo is paused; 'rollout resume demo', or its spec, lets it go on\n"), (paused.ExitCode, paused.Error));
        Assert.Equal((CommandLine.Failure, "actorinference: the rollout of group demo is not done after 1 s (--timeout); it goes on.\n"), (late.ExitCode, late.Error));
        Assert.Equal(CommandLine.UserError, (await user.RunAsync("rollout status demo --timeout soon")).ExitCode);
    }

    [Fact]
    public async Task A_rollout_that_its_partition_holds_is_as_far_as_it_is_to_be()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        const string Partition = "rolloutStrategy: {rollingUpdate: {partition: 1}}";
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1", extra: Partition))}");
        await user.DoAsync("rollout status demo -w");
        await node.UntilStableAsync("demo", 1);
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v2", extra: Partition))}");

        var output = await user.DoAsync("rollout status demo -w");

        Assert.EndsWith("group demo is rolled out as far as its partition lets it: revision 2, prefill 1/2 updated, 2 ready, decode 1/2 updated, 2 ready\n", output);
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_file_is_told_a_line_each_with_its_name()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts());
        using var user = new CommandUser(await node.ServeAsync());
        var file = user.Write(Specs.Pair("demo", "v1").Replace("[prefill]", "[prefil]", StringComparison.Ordinal).Replace("replicas: 2", "replicas: many", StringComparison.Ordinal));

        var (exitCode, _, error) = await user.RunAsync($"apply -f {file}");

        Assert.Equal(CommandLine.UserError, exitCode);
        var lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.StartsWith($"actorinference: {file}: spec.roles[", line));
        Assert.Contains($"actorinference: {file}: spec.roles[1].dependencies[0]: no role named \"prefil\"", error);
        Assert.Equal("", await user.DoAsync("get groups"));
        Assert.StartsWith("actorinference: what is 'things'; expected one of groups, roles, instances, agents, events, sets, adapters, warmups, policies.", (await user.RunAsync("get things")).Error);
        Assert.StartsWith("actorinference: --output is 'xml'; expected one of wide, json, yaml, name.", (await user.RunAsync("get groups -o xml")).Error);
    }

    [Fact]
    public async Task A_dry_run_says_what_applying_would_say()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts());
        using var user = new CommandUser(await node.ServeAsync());
        var (group, policy) = (user.Write(Specs.Pair("demo", "v1")), user.Write(Specs.Policy("demo")));
        var wrong = user.Write(Specs.Policy("demo").Replace("[prefill, decode]", "[prefill, cache]", StringComparison.Ordinal));

        await AssertRefusedAsync(user, policy, "there is none of this name that a policy could be for");
        Assert.Equal("rolebasedgroup/demo created (dry run)\n", await user.DoAsync($"apply -f {group} --dry-run"));
        Assert.Equal("", await user.DoAsync("get groups"));
        await user.DoAsync($"apply -f {group}");
        Assert.Equal("rolebasedgroup/demo unchanged (dry run)\n", await user.DoAsync($"apply -f {group} --dry-run"));
        Assert.Equal("coordinatedpolicy/demo configured (dry run)\n", await user.DoAsync($"apply -f {policy} --dry-run"));
        await AssertRefusedAsync(user, wrong, "no role named \"cache\"");
        var profile = user.Write("apiVersion: workloads.x-k8s.io/v1alpha2\nkind: ClusterEngineRuntimeProfile\nmetadata: {name: side}\nspec: {containers: [{name: side, image: i}]}\n");
        Assert.Contains("which has none: nothing is kept of it", (await user.RunAsync($"apply -f {profile}")).Error);
    }

    private static async Task AssertRefusedAsync(CommandUser user, string file, string reason)
    {
        foreach (var flag in (string[])[" --dry-run", ""])
        {
            var (exitCode, output, error) = await user.RunAsync($"apply -f {file}{flag}");
            Assert.Equal((CommandLine.UserError, ""), (exitCode, output));
            Assert.StartsWith($"actorinference: {file}: ", error);
            Assert.Contains(reason, error);
        }
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("1500ms", 1.5)]
    [InlineData("0", 0)]
    public void Times_are_read_as_kubectl_reads_them(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), DurationOption.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999999s")]
    public void What_is_no_time_is_none(string text) => Assert.Null(DurationOption.Parse(text));
}
