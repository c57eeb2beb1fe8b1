using System.Globalization;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Control.Tests;

public sealed class AdapterTests
{
    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task An_adapter_binds_when_its_group_comes_and_its_replicas_stand_against_the_groups()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.DeclareAsync(ObjectKind.Adapter, "more", Adapter("replicas: 3"));
        var unbound = await node.UntilAsync(ObjectKind.Adapter, "more", state => state is { Phase: "NotBound" } && state.Message.Contains("none of this name", StringComparison.Ordinal), "it has looked for its group");

        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilAsync(ObjectKind.Adapter, "more", state => state is { Phase: "Bound", Ready: 3 }, "three are ready");
        await node.CommandAsync(new GroupProtocol.Scale("demo", "decode", 1, Now));
        await node.UntilAsync("demo", status => status.IsDone && status.Generation >= 4 && status.Instances.Count(instance => instance.Role == "decode") == 3, "the adapter's size is declared again");
        await node.AskObjectAsync(new ObjectProtocol.Scale(ObjectKind.Adapter, "more", 5, Now));
        await node.UntilAsync(ObjectKind.Adapter, "more", state => state is { Ready: 5 }, "five are ready");

        Assert.Equal("demo/decode", unbound!.Target);
        await node.AskObjectAsync(new ObjectProtocol.Delete(ObjectKind.Adapter, "more", Now));
        await node.UntilAsync(ObjectKind.Adapter, "more", state => state is null, "it is gone");
        Assert.Equal(5, (await node.StatusAsync("demo")).Instances.Count(instance => instance.Role == "decode"));
    }

    [Fact]
    public async Task A_role_that_asks_for_an_adapter_has_one_as_long_as_it_asks()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1", extra: "scalingAdapter: {enable: true}"));
        await node.UntilAsync(ObjectKind.Adapter, "demo-prefill", state => state is { Phase: "Bound" }, "the role's adapter is bound");
        await node.AskObjectAsync(new ObjectProtocol.Scale(ObjectKind.Adapter, "demo-prefill", 4, Now));
        await node.UntilAsync("demo", status => status.Instances.Count(instance => instance is { Role: "prefill", IsReady: true }) == 4, "it scales the role");

        await node.ApplyAsync("demo", Specs.Pair("demo", "v1", prefill: 4));

        await node.UntilAsync(ObjectKind.Adapter, "demo-prefill", state => state is null, "the adapter is gone");
        await node.UntilAsync(ObjectKind.Adapter, "demo-decode", state => state is null, "the other one too");
    }

    [Fact]
    public async Task A_ten_fold_tide_is_followed_within_the_bounds_and_in_the_ratio()
    {
        var (hosts, load) = (new SimulatedHosts(), new SimulatedLoad());
        await using var node = await ControlNode.StartAsync(hosts, metrics: load);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.DeclareAsync(ObjectKind.Adapter, "tide", Adapter("""
            autoscaling:
                minReplicas: 2
                maxReplicas: 16
                scaleDownWindowSeconds: 1
                metrics: [{type: QueueTokens, target: 1000}]
                ratio: {prefill: 0.5}
            """));
        load.Tokens = 2_000;
        await UntilAsync(node, decode: 2, prefill: 1);

        load.Tokens = 20_000;   // Ten times as much: 20 would be needed, 16 are allowed.
        await UntilAsync(node, decode: 16, prefill: 8);
        load.Tokens = 9_000;
        await UntilAsync(node, decode: 9, prefill: 5);
        load.Tokens = 900;
        var ebb = await UntilAsync(node, decode: 2, prefill: 1);

        Assert.All(ebb.Instances, instance => Assert.True(instance.IsReady));
        var state = await node.UntilAsync(ObjectKind.Adapter, "tide", _ => true, "");
        Assert.Contains(state!.Notes, note => note.Reason == "SuccessfulScale" && note.Message.Contains("QueueTokens is", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_load_that_is_not_measured_removes_nothing()
    {
        var (hosts, load) = (new SimulatedHosts(), new SimulatedLoad { Tokens = 8_000 });
        await using var node = await ControlNode.StartAsync(hosts, metrics: load);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.DeclareAsync(ObjectKind.Adapter, "tide", Adapter("""
            autoscaling:
                minReplicas: 1
                maxReplicas: 16
                scaleDownWindowSeconds: 0
                metrics: [{type: QueueTokens, target: 1000}]
            """));
        await node.UntilAsync(ObjectKind.Adapter, "tide", state => state is { Ready: 8 }, "eight are ready");

        load.Tokens = null;
        var asked = load.Questions;
        var state = await node.UntilAsync(
            ObjectKind.Adapter, "tide", each => load.Questions >= asked + 3 && each!.Parts[0].Message.Contains("nothing was measured", StringComparison.Ordinal), "it was measured three times more, in vain");

        Assert.Equal(8, state!.Desired);
    }

    private static Task<RolloutProtocol.Status> UntilAsync(ControlNode node, int decode, int prefill) => node.UntilAsync(
        "demo", status => status.IsDone && status.Instances.Count(instance => instance.Role == "decode") == decode && status.Instances.Count(instance => instance.Role == "prefill") == prefill,
        string.Create(CultureInfo.InvariantCulture, $"{decode} decode and {prefill} prefill"));

    private static string Adapter(string spec) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupScalingAdapter
        metadata: {name: adapter}
        spec:
          scaleTargetRef: {name: demo, role: decode}
          {{spec}}
        """;

    /// <summary>Waiting tokens that are shared by all ready instances of the role.</summary>
    private sealed class SimulatedLoad : IMetricSource
    {
        private double _tokens = double.NaN;
        private int _questions;

        /// <summary>Null if they cannot be measured. It is set while others read it.</summary>
        public double? Tokens
        {
            get
            {
                var tokens = Volatile.Read(ref _tokens);
                return double.IsNaN(tokens) ? null : tokens;
            }

            set => Volatile.Write(ref _tokens, value ?? double.NaN);
        }

        public int Questions => Volatile.Read(ref _questions);

        public bool IsImmediate => true;

        public Task<IReadOnlyDictionary<ScalingMetric, double>> ReadAsync(MetricQuestion question)
        {
            Interlocked.Increment(ref _questions);
            var ready = Math.Max(1, question.Instances.Count(instance => instance.Role == question.Role && instance.IsReady));
            IReadOnlyDictionary<ScalingMetric, double> measured = Tokens is { } tokens
                ? new Dictionary<ScalingMetric, double> { [ScalingMetric.QueueTokens] = tokens / ready }
                : new Dictionary<ScalingMetric, double>();
            return Task.FromResult(measured);
        }
    }
}
