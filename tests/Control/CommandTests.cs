using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorInference.Control.Tests;

/// <summary>Sets, adapters and warm-ups by the commands that people type, over the management routes.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task A_set_is_applied_shown_scaled_and_deleted()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var file = user.Write(Set("v1"));

        Assert.Equal("rolebasedgroupset/fleet created (dry run)\n", await user.DoAsync($"apply -f {file} --dry-run"));
        Assert.Equal("", await user.DoAsync("get sets"));
        Assert.Equal("rolebasedgroupset/fleet created\n", await user.DoAsync($"apply -f {file}"));
        Assert.Equal("rolebasedgroupset/fleet unchanged\n", await user.DoAsync($"apply -f {file}"));
        var ready = await user.UntilAsync("get rbgs fleet", output => output.Contains("Ready", StringComparison.Ordinal), "the set is ready");
        Assert.Equal(["KIND", "NAME", "STATUS", "TARGET", "DESIRED", "CURRENT", "READY", "AGE"], CommandUser.Words(ready, line: 0));
        Assert.Equal(["set", "fleet", "Ready", "<none>", "2", "2", "2"], CommandUser.Words(ready, line: 1)[..7]);
        Assert.Contains("fleet-1", await user.DoAsync("get groups"));

        var description = await user.DoAsync("describe set/fleet");
        foreach (var part in (string[])["Name:       fleet\n", "Kind:       set\n", "Replicas:   2 desired, 2 current, 2 ready\n", "Parts:\n", "fleet-0", "Events:\n"]) Assert.Contains(part, description);
        Assert.Equal("rolebasedgroupset/fleet configured\n", await user.DoAsync($"apply -f {user.Write(Set("v2"))}"));
        Assert.Contains("engine:v2", await user.DoAsync("get set fleet -o yaml"));
        Assert.Equal("rolebasedgroupset/fleet scaled\n", await user.DoAsync("scale set/fleet --replicas 1"));
        await user.UntilAsync("get sets fleet -o json", output => JsonNode.Parse(output) is { } set && (string?)set["status"] == "Ready" && (int)set["current"]! == 1, "one group is left");

        Assert.Equal("rolebasedgroupset/fleet deleted\n", await user.DoAsync("delete rbgs/fleet"));
        await user.UntilAsync("get sets", output => output.Length == 0, "the set is gone");
        await user.UntilAsync("get groups", _ => hosts.Instances.Count == 0, "nothing of it is left");
    }

    [Fact]
    public async Task An_adapter_is_applied_with_its_group_shown_scaled_and_deleted()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        using var user = new CommandUser(await node.ServeAsync());
        var file = user.Write($"{Specs.Pair("demo", "v1")}\n---\n{Adapter("decode")}");

        Assert.Equal("rolebasedgroup/demo created\nrolebasedgroupscalingadapter/more created\n", await user.DoAsync($"apply -f {file}"));
        var bound = await user.UntilAsync("get rbgsa", output => output.Contains("Bound", StringComparison.Ordinal) && !output.Contains("NotBound", StringComparison.Ordinal), "the adapter is bound");
        Assert.Equal(["adapter", "more", "Bound", "demo/decode", "2"], CommandUser.Words(bound, line: 1)[..5]);
        Assert.Equal("rolebasedgroupscalingadapter/more scaled\n", await user.DoAsync("scale adapter/more --replicas 3"));
        await user.UntilAsync("get roles demo", output => output.Split('\n').Any(line => line.Contains("decode", StringComparison.Ordinal) && line.Contains("3", StringComparison.Ordinal)), "the role has three");
        var description = await user.UntilAsync("describe adapter/more", output => output.Contains("3 desired, 3 current, 3 ready", StringComparison.Ordinal), "three are ready");
        Assert.Contains("Target:     demo/decode\n", description);
        Assert.Contains("SuccessfulScale", description);
        Assert.Contains("role: decode", await user.DoAsync("get adapter more -o yaml"));

        Assert.Equal("rolebasedgroupscalingadapter/more deleted\n", await user.DoAsync("delete rbgsa/more"));
        await user.UntilAsync("get adapters", output => output.Length == 0, "the adapter is gone");
        Assert.Contains("demo", await user.DoAsync("get groups"));
        Assert.Equal(2, (await user.RunAsync($"apply -f {user.Write($"{Specs.Pair("demo", "v1")}\n---\n{Adapter("decod")}")}")).ExitCode);
    }

    [Fact]
    public async Task A_warm_up_is_applied_shown_and_deleted()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), interval: 0.1);
        await node.UntilAgentsAsync(3);
        using var user = new CommandUser(await node.ServeAsync());
        var file = user.Write("""
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroupWarmup
            metadata: {name: heat}
            spec:
              targetNodes: {nodeNames: [host-000, host-001], imagePreload: {images: ["engine:v1"]}}
            """);

        Assert.Equal("rolebasedgroupwarmup/heat created\n", await user.DoAsync($"apply -f {file}"));
        var done = await user.UntilAsync("get rbgwarmup heat", output => output.Contains("Completed", StringComparison.Ordinal), "it is done");
        Assert.Equal(["warmup", "heat", "Completed", "<none>", "2"], CommandUser.Words(done, line: 1)[..5]);
        var description = await user.DoAsync("describe warmup/heat");
        foreach (var host in (string[])["host-000", "host-001"]) Assert.Contains(host, description);

        var refused = await user.RunAsync("scale warmup/heat --replicas 2");
        Assert.Equal((2, "actorinference: warmup heat: Warmup heat has no replicas; expected a set or an adapter.\n"), (refused.ExitCode, refused.Error));
        Assert.Equal("rolebasedgroupwarmup/heat deleted\n", await user.DoAsync("delete warmup/heat"));
        await user.UntilAsync("get warmups", output => output.Length == 0, "it is gone");
    }

    [Fact]
    public async Task What_is_wrong_is_told_on_one_line_with_exit_code_2_and_by_its_status_over_HTTP()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts());
        var server = await node.ServeAsync();
        using var user = new CommandUser(server);
        using var http = new HttpClient { BaseAddress = server, Timeout = ControlNode.Patience };

        var unknown = await user.RunAsync("describe thing/demo");
        Assert.Equal((2, "actorinference: 'thing/demo' is of no kind; expected a group, or one of set, adapter, warmup, policy, instance, agent and a name, such as set/demo.\n"), (unknown.ExitCode, unknown.Error));
        Assert.Contains("none", (await user.RunAsync("get set nope")).Error);
        var wrong = await user.RunAsync($"apply -f {user.Write(Set("v1").Replace("groupTemplate", "groupTemplates", StringComparison.Ordinal))}");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Matches(@"^actorinference: \S+\.yaml: spec\.groupTemplates: no such field; did you mean ""groupTemplate""\? \(line 6\)$", wrong.Error.Split('\n').Single(line => line.Contains("groupTemplates", StringComparison.Ordinal)));
        Assert.Equal("", await user.DoAsync("get sets"));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "kind is 'thing'; expected set, adapter or warmup."), await AnswerAsync(http.GetAsync("objects/thing")));
        Assert.Equal(HttpStatusCode.NotFound, (await AnswerAsync(http.GetAsync("objects/set/nope"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AnswerAsync(http.DeleteAsync("objects/adapter/nope"))).Status);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "files is empty; expected at least one with name and text."), await AnswerAsync(http.PostAsync("manifests/apply", new StringContent("{}"))));
        Assert.Equal((HttpStatusCode.NotFound, "PUT /objects/set/nope is no route of groups."), await AnswerAsync(http.PutAsync("objects/set/nope", new StringContent(""))));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await AnswerAsync(http.PostAsync("objects/set/nope/scale", new StringContent("{", Encoding.UTF8)))).Status);
    }

    private static async Task<(HttpStatusCode Status, string Error)> AnswerAsync(Task<HttpResponseMessage> call)
    {
        using var response = await call;
        return (response.StatusCode, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]![0]!);
    }

    private static string Set(string version) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupSet
        metadata: {name: fleet}
        spec:
          replicas: 2
          groupTemplate:
            spec:
              roles: [{name: engine, standalonePattern: {template: {spec: {containers: [{name: engine, image: "engine:{{version}}"}] } } } }]
        """;

    private static string Adapter(string role) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupScalingAdapter
        metadata: {name: more}
        spec:
          scaleTargetRef: {name: demo, role: {{role}}}
        """;
}
