namespace ActorInference.Control.Tests;

/// <summary>Files that are applied, compared and deleted together.</summary>
public sealed class ManifestTests
{
    [Fact]
    public async Task A_folder_and_a_file_are_applied_together_and_nothing_is_if_one_is_wrong()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var folder = user.Folder(
            ("a.yaml", Specs.Pair("first", "v1")),
            ("b.json", """{"apiVersion":"workloads.x-k8s.io/v1alpha2","kind":"RoleBasedGroupSet","metadata":{"name":"fleet"},"spec":{"replicas":0,"groupTemplate":{"spec":{"roles":[{"name":"prefill","role":"prefill"}]}}}}"""),
            ("notes.txt", "not for us"),
            ("deeper/c.yml", Specs.Pair("third", "v1")));
        var wrong = user.Write(Specs.Pair("second", "v1").Replace("replicas:", "replica:", StringComparison.Ordinal));

        var refused = await user.RunAsync($"apply -f {folder} -f {wrong}");

        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith($"actorinference: {wrong}: spec.roles[0].replica: no such field; did you mean \"replicas\"? (line 8)\n", refused.Error);
        Assert.Equal(("", ""), (await user.DoAsync("get groups"), await user.DoAsync("get sets")));

        Assert.Equal("rolebasedgroup/first created\nrolebasedgroupset/fleet created\n", await user.DoAsync($"apply -f {folder} -f {folder}"));
        Assert.Equal("rolebasedgroup/first unchanged\nrolebasedgroup/third created\nrolebasedgroupset/fleet unchanged\n", await user.DoAsync($"apply -R -f {folder}"));
    }

    [Fact]
    public async Task What_a_group_refuses_keeps_the_others_from_being_applied()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var (group, policy) = (user.Write(Specs.Pair("demo", "v1")), user.Write(Specs.Policy("nobody")));

        var refused = await user.RunAsync($"apply -f {group} -f {policy}");

        Assert.Equal((2, $"actorinference: {policy}: group is 'nobody'; there is none of this name that a policy could be for.\n"), (refused.ExitCode, refused.Error));
        Assert.Equal("", await user.DoAsync("get groups"));
    }

    [Fact]
    public async Task Diff_says_by_its_exit_code_whether_anything_would_change()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var (before, after) = (user.Write(Specs.Pair("demo", "v1")), user.Write(Specs.Pair("demo", "v2")));

        Assert.Equal(1, (await user.RunAsync($"diff -f {before}")).ExitCode);
        await user.DoAsync($"apply -f {before}");
        Assert.Equal((0, ""), await ExitAndOutputAsync(user, $"diff -f {before}"));
        var (exitCode, output) = await ExitAndOutputAsync(user, $"diff -f {after}");
        Assert.Equal(1, exitCode);
        Assert.Contains("engine:v2", output);
        Assert.Equal(2, (await user.RunAsync($"diff -f {user.Write("kind: Nothing")}")).ExitCode);
        Assert.Equal(2, (await user.RunAsync($"diff -f {before}.not")).ExitCode);
        Assert.Equal("rolebasedgroup/demo unchanged\n", await user.DoAsync($"apply -f {before}"));
    }

    [Fact]
    public async Task Delete_takes_away_what_files_declare_and_tells_what_is_not_there()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var folder = user.Folder(("a.yaml", $"{Specs.Pair("first", "v1")}\n---\n{Specs.Policy("first")}"), ("b.yaml", Specs.Pair("second", "v1")));
        await user.DoAsync($"apply -f {folder}");
        var third = user.Write(Specs.Pair("third", "v1"));

        var deleted = await user.RunAsync($"delete -f {folder} -f {third}");

        Assert.Equal((2, "rolebasedgroup/first deleted\nrolebasedgroup/second deleted\n"), (deleted.ExitCode, deleted.Output));
        Assert.Equal("actorinference: Error from server (NotFound): group is 'third'; there is none of this name.\n", deleted.Error);
        Assert.Equal(("", 0), (await user.DoAsync("get groups"), hosts.Instances.Count));
        Assert.Equal("", await user.DoAsync($"delete -f {folder} --ignore-not-found"));
        Assert.Equal(2, (await user.RunAsync("delete")).ExitCode);
        Assert.Equal(2, (await user.RunAsync($"delete demo -f {third}")).ExitCode);
    }

    [Fact]
    public async Task A_policy_that_is_deleted_leaves_its_group()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var policy = user.Write(Specs.Policy("demo"));
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {policy}");
        Assert.Contains("CoordinatedPolicy", await user.DoAsync("get group demo -o yaml"));

        Assert.Equal("coordinatedpolicy/demo deleted\n", await user.DoAsync($"delete -f {policy}"));

        Assert.DoesNotContain("CoordinatedPolicy", await user.DoAsync("get group demo -o yaml"));
        Assert.Contains("(NotFound)", (await user.RunAsync($"delete -f {policy}")).Error);
    }

    [Fact]
    public async Task Things_are_asked_for_by_kind_and_name_as_of_kubectl()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {user.Write(Specs.Pair("other", "v1", 1, 1))}");
        await user.UntilAsync("get rbg demo other", output => output.Split("Ready").Length == 3, "both are ready");

        Assert.Equal("rolebasedgroup/demo\nrolebasedgroup/other\n", await user.DoAsync("get rbg -o name"));
        Assert.Equal("roleinstance/demo-prefill-0\nroleinstance/demo-prefill-1\nroleinstance/demo-decode-0\nroleinstance/demo-decode-1\n", await user.DoAsync("get instances demo -o name"));
        Assert.Equal("role/other/prefill\nrole/other/decode\n", await user.DoAsync("get roles other -o name"));
        Assert.Equal("", await user.DoAsync("get rbgs -o name"));
        foreach (var form in (string[])["get instance other-decode-0", "get ri/other-decode-0"]) Assert.Equal(["NAME", "other-decode-0", ""], (await user.DoAsync(form)).Split('\n').Select(line => line.Split(' ')[0]));
        Assert.Equal(["agent/host-001\n", "agent/host-000\nagent/host-001\nagent/host-002\n"], [await user.DoAsync("get agent host-001 -o name"), await user.DoAsync("get agents -o name")]);
        Assert.Contains("Name:       other-decode-0\n", await user.DoAsync("describe instance other-decode-0"));
        Assert.Contains("Name:       demo\n", await user.DoAsync("describe rbg/demo"));
        Assert.Equal(["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], CommandUser.Words(await user.DoAsync("get events other"), line: 0));

        foreach (var (command, error) in ((string, string)[])[
            ("get rbg nope", "Error from server (NotFound): group is 'nope'; there is none of this name."),
            ("get instances nope", "Error from server (NotFound): instance is 'nope'; there is none of this name, and no group."),
            ("get rbgs nope", "Error from server (NotFound): set nope: there is none of this name."),
            ("get things", "what is 'things'; expected one of groups, roles, instances, agents, events, sets, adapters, warmups, policies."),
            ("describe ri nope", "Error from server (NotFound): instance is 'nope'; there is none of this name."),
            ("rollout restart nope", "Error from server (NotFound): group is 'nope'; there is none of this name."),
            ("delete rbg/nope", "Error from server (NotFound): group is 'nope'; there is none of this name.")]) await IsRefusedAsync(user, command, error);
    }

    [Fact]
    public async Task One_instance_is_restarted_as_it_is()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))}");
        await user.UntilAsync("get rbg", output => output.Contains("Ready", StringComparison.Ordinal), "it is ready");
        int Starts(string instance) => hosts.Starts.Count(start => start.Instance == instance);

        Assert.Equal("roleinstance/demo-decode-1 restarted\n", await user.DoAsync("rollout restart rbg/demo --instance demo-decode-1"));

        await user.UntilAsync("get rbg demo", output => output.Contains("Ready", StringComparison.Ordinal) && Starts("demo-decode-1") == 2, "it has begun again");
        Assert.Equal((1, 1), (Starts("demo-decode-0"), Starts("demo-prefill-0")));
        Assert.Equal(3, (await user.DoAsync("rollout history demo")).Split('\n').Length);   // Heading, the only revision, and the end.
        Assert.Equal(2, (await user.RunAsync("rollout restart demo --instance nope")).ExitCode);
    }

    private static async Task<(int ExitCode, string Output)> ExitAndOutputAsync(CommandUser user, string command)
    {
        var (exitCode, output, _) = await user.RunAsync(command);
        return (exitCode, output);
    }

    private static async Task IsRefusedAsync(CommandUser user, string command, string error)
    {
        var (exitCode, _, said) = await user.RunAsync(command);
        Assert.Equal((2, $"actorinference: {error}\n"), (exitCode, said));
    }
}
