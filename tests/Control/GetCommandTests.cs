using System.Text.Json.Nodes;

namespace ActorInference.Control.Tests;

/// <summary>What <c>get</c> and <c>describe</c> show, and in which form.</summary>
public sealed class GetCommandTests
{
    private const string Labelled = """
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata: {name: other, labels: {app: chat, tier: test}}
        spec:
          roles:
          - name: engine
            labels: {team: red}
            standalonePattern: {template: {metadata: {labels: {zone: a} }, spec: {containers: [{name: main, image: "engine:v1"}, {name: side, image: "engine:v1"}]} } }
        """;

    [Fact]
    public async Task Policies_are_listed_shown_and_deleted_by_all_their_names()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {user.Write(Specs.Policy("demo"))} -f {user.Write(Labelled)}");

        foreach (var word in (string[])["policies", "policy", "coordinatedpolicy", "coordinatedpolicies", "CP"])
        {
            var table = await user.DoAsync($"get {word}");
            Assert.Equal(["NAME", "GROUP", "POLICIES", "ROLES"], CommandUser.Words(table, line: 0));
            Assert.Equal(["demo", "demo", "1", "prefill,decode"], CommandUser.Words(table, line: 1));
        }

        Assert.Equal(["demo", "demo", "1", "prefill,decode", "rollingUpdate"], CommandUser.Words(await user.DoAsync("get cp demo -o wide"), line: 1));
        Assert.Equal("coordinatedpolicy/demo\n", await user.DoAsync("get cp -o name"));
        Assert.StartsWith("apiVersion: workloads.x-k8s.io/v1alpha2\nkind: CoordinatedPolicy\n", await user.DoAsync("get policy demo -o yaml"));
        Assert.Equal("in-step", (string?)JsonNode.Parse(await user.DoAsync("get cp/demo -o json"))!["policies"]![0]!["name"]);
        Assert.Equal("demo", (string?)JsonNode.Parse(await user.DoAsync("get policies -o json"))!["policies"]![0]!["group"]);
        Assert.Contains("maxSkew", await user.DoAsync("describe policy demo"));
        Assert.Equal((2, "actorinference: Error from server (NotFound): policy is 'other'; there is none of this name.\n"), ExitAndError(await user.RunAsync("get policy other")));

        Assert.Equal("coordinatedpolicy/demo deleted\n", await user.DoAsync("delete policy/demo"));
        Assert.Equal((0, "", "There are no policies.\n"), await user.RunAsync("get policies"));
        Assert.Contains("demo", await user.DoAsync("get groups"));
    }

    [Fact]
    public async Task One_thing_that_is_named_is_itself_and_several_are_a_list()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {user.Write(Labelled)}");
        await user.DoAsync("rollout status demo");
        await user.DoAsync("rollout status other");

        foreach (var (command, key, value) in ((string, string, string)[])[
            ("get group demo", "name", "demo"), ("get ri/demo-prefill-1", "name", "demo-prefill-1"), ("get role demo/decode", "name", "decode"), ("get role/demo/decode", "group", "demo"), ("get agent host-001", "node", "host-001")])
        {
            Assert.Equal(value, (string?)JsonNode.Parse(await user.DoAsync($"{command} -o json"))![key]);
        }

        Assert.StartsWith("name: \"demo-prefill-1\"\n", await user.DoAsync("get instance demo-prefill-1 -o yaml"));
        foreach (var (command, list, count) in ((string, string, int)[])[
            ("get groups", "groups", 2), ("get groups demo other", "groups", 2), ("get instances demo", "instances", 4), ("get roles other", "roles", 1), ("get agents", "agents", 3), ("get sets", "objects", 0)])
        {
            Assert.Equal(count, JsonNode.Parse(await user.DoAsync($"{command} -o json"))![list]!.AsArray().Count);
        }

    }

    [Fact]
    public async Task Tables_can_be_without_headers_and_nothing_found_is_told_beside_the_output()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        Assert.Equal((0, "", "There are no groups.\n"), await user.RunAsync("get groups"));
        Assert.Equal((0, "", "There are no instances.\n"), await user.RunAsync("get instances --no-headers"));
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {user.Write(Specs.Policy("demo"))}");
        await user.DoAsync("rollout status demo");

        foreach (var (command, lines) in ((string, int)[])[("groups", 1), ("roles", 2), ("instances -o wide", 4), ("agents", 3), ("policies", 1)])
        {
            var (whole, bare) = (await user.DoAsync($"get {command}"), await user.DoAsync($"get {command} --no-headers"));
            Assert.Equal(whole.Split('\n')[1..].Select(line => line.Split(' ')[0]), bare.Split('\n').Select(line => line.Split(' ')[0]));
            Assert.Equal(lines, bare.Count(character => character == '\n'));
        }

        Assert.Equal("rolebasedgroup/demo\n", await user.DoAsync("get groups --no-headers -o name"));
    }

    [Fact]
    public async Task Several_kinds_are_tables_one_after_the_other()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        Assert.Equal((0, "", "There are no groups.\nThere are no instances.\n"), await user.RunAsync("get rbg,pods"));
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1", 1, 1))} -f {user.Write(Specs.Policy("demo"))}");
        await user.DoAsync("rollout status demo");

        Assert.Equal(["NAME", "demo", "", "NAME", "demo", "", "NAME", "demo-prefill-0", "demo-decode-0", ""], (await user.DoAsync("get all")).Split('\n').Select(line => line.Split(' ')[0]));
        Assert.Equal("rolebasedgroup/demo\nrole/demo/prefill\nrole/demo/decode\n", await user.DoAsync("get rbg,roles,sets -o name"));
        Assert.Equal((2, "actorinference: what is 'rbg,ri', several kinds, beside names; expected one kind.\n"), ExitAndError(await user.RunAsync("get rbg,ri demo")));
        Assert.Equal((2, "actorinference: --output is 'json', which shows one kind; expected wide or name for several.\n"), ExitAndError(await user.RunAsync("get all -o json")));
        Assert.Equal((2, "actorinference: what is 'svc'; expected one of groups, roles, instances, agents, events, sets, adapters, warmups, policies.\n"), ExitAndError(await user.RunAsync("get rbg,svc")));
    }

    [Fact]
    public async Task A_dry_run_may_be_said_as_to_kubectl()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var file = user.Write(Specs.Pair("demo", "v1"));

        foreach (var flag in (string[])["--dry-run", "--dry-run=client", "--dry-run=server", "--dry-run=true"]) Assert.Equal("rolebasedgroup/demo created (dry run)\n", await user.DoAsync($"apply {flag} -f {file}"));
        Assert.StartsWith("actorinference: --dry-run is 'maybe'; expected one of client, server, none, true, false.", (await user.RunAsync($"apply --dry-run=maybe -f {file}")).Error);
        Assert.Equal("rolebasedgroup/demo created\n", await user.DoAsync($"apply --dry-run=none -f {file}"));
    }

    [Theory]
    [InlineData("groups", "app=chat", "rolebasedgroup/other")]
    [InlineData("groups", "app!=chat", "rolebasedgroup/demo")]
    [InlineData("groups", "app,tier==test", "rolebasedgroup/other")]
    [InlineData("groups", "!app", "rolebasedgroup/demo")]
    [InlineData("groups", "tier=live", "")]
    [InlineData("roles", "team=red", "role/other/engine")]
    [InlineData("ri", "zone=a,team=red", "roleinstance/other-engine-0")]
    [InlineData("ri", "rbg.workloads.x-k8s.io/group-name=demo,rbg.workloads.x-k8s.io/role-name=decode", "roleinstance/demo-decode-0 roleinstance/demo-decode-1")]
    [InlineData("ri", "rbg.workloads.x-k8s.io/role-instance-index=1", "roleinstance/demo-prefill-1 roleinstance/demo-decode-1")]
    public async Task What_is_asked_for_can_be_chosen_by_labels(string kind, string selector, string expected)
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Specs.Pair("demo", "v1"))} -f {user.Write(Labelled)}");
        await user.DoAsync("rollout status demo");
        await user.DoAsync("rollout status other");

        Assert.Equal(expected, (await user.DoAsync($"get {kind} -l {selector} -o name")).TrimEnd('\n').Replace('\n', ' '));
    }

    [Fact]
    public async Task Processes_are_found_by_instance_and_container()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Labelled)}");
        await user.DoAsync("rollout status rbg other");

        foreach (var (command, process) in ((string, string)[])[
            ("logs other-engine-0", "other-engine-0"), ("logs other other-engine-0", "other-engine-0"), ("logs pod/other-engine-0 -c main", "other-engine-0"), ("logs other-engine-0 -c side", "other-engine-0.side"),
            ("logs other-engine-0.side --tail -1", "other-engine-0.side")]) Assert.Equal($"log of {process}\n", await user.DoAsync(command));
        foreach (var (command, output) in ((string, string)[])[
            ("exec other-engine-0 -- ls -l", "other-engine-0: ls -l\n"), ("exec other other-engine-0 -c side -- env", "other-engine-0.side: env\n"), ("exec ri/other-engine-0 --timeout 5 -- sh -c -- x", "other-engine-0: sh -c -- x\n")])
            Assert.Equal((3, output, ""), await user.RunAsync(command));
        Assert.Contains("Container:  side\n", await user.DoAsync("describe other other-engine-0"));
        var description = await user.DoAsync("describe agents");
        Assert.Contains("Name:       host-002\n", description);
        Assert.Contains("other-engine-0", description);

        foreach (var (command, error) in ((string, string)[])[
            ("logs other-engine-0 -c none", "--container is 'none'; expected one of main, side."),
            ("logs rbg/other", "'rbg/other' is no instance; expected its name, or instance/NAME. 'get instances' lists them."),
            ("exec other-engine-0 ls", "exec needs an instance and, after --, a program; expected exec [GROUP] INSTANCE -- PROGRAM [ARGUMENT ...]."),
            ("exec -it other-engine-0 -- sh", "'-it' is no option of exec, which gives programs no input and no terminal; expected exec INSTANCE -- PROGRAM."),
            ("get rbg other -n default", "'-n' is no option here; expected names. ('actorinference get --help' lists what there is.)"),
            ("get events -l a=b", "--selector is for what has labels, which events have none of; expected names of groups."),
            ("get groups -l =b", "--selector is '=b'; expected conditions such as app=demo,tier!=test,zone in (a,b),!old. ('actorinference get --help' lists what there is.)"),
            ("scale rbg demo other --replicas 1", "Unrecognized command or argument 'other'. ('actorinference scale --help' lists what there is.)"),
            ("rollout status set/other", "'set/other' is the name of a set; expected a group."),
            ("delete pod other-engine-0", "'instance/other-engine-0' is the name of an instance, which its role keeps up; 'rollout restart GROUP --instance other-engine-0' begins it again, 'scale' takes instances away.")])
            Assert.Equal((2, $"actorinference: {error}\n"), ExitAndError(await user.RunAsync(command)));
    }

    [Fact]
    public async Task A_role_is_scaled_without_its_name_if_it_is_the_only_one()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        await user.DoAsync($"apply -f {user.Write(Labelled)} -f {user.Write(Specs.Pair("demo", "v1"))}");

        Assert.Equal("rolebasedgroup/other scaled\n", await user.DoAsync("scale rbg other --replicas 2"));
        Assert.Equal("rolebasedgroup/demo scaled\n", await user.DoAsync("scale role/demo/decode --replicas 3"));
        Assert.Equal((2, "actorinference: --role is missing; expected one of prefill, decode.\n"), ExitAndError(await user.RunAsync("scale demo --replicas 3")));
        Assert.Equal(["other", "engine", "2"], CommandUser.Words(await user.DoAsync("get roles other"), line: 1)[..3]);
        Assert.Equal(["demo", "decode", "3"], CommandUser.Words(await user.DoAsync("get role demo/decode"), line: 1)[..3]);
    }

    private static (int ExitCode, string Error) ExitAndError((int ExitCode, string Output, string Error) ended) => (ended.ExitCode, ended.Error);
}
