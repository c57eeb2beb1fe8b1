using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Control.Tests;

/// <summary>What adapters read of instances.</summary>
public sealed class MetricTests
{
    private const string First = """
        # HELP actorinference_worker_pending_tokens Tokens of a worker's jobs that have not begun.
        # TYPE actorinference_worker_pending_tokens gauge
        actorinference_worker_pending_tokens{worker="a\"1",role="prefill"} 300
        actorinference_worker_pending_tokens{worker="b",role="prefill"} 700
        actorinference_worker_pending_tokens{worker="c",role="decode"} 5
        actorinference_time_to_first_token_seconds_bucket{le="0.1"} 10
        actorinference_time_to_first_token_seconds_bucket{le="1"} 10
        actorinference_time_to_first_token_seconds_bucket{le="+Inf"} 10
        sglang:token_usage{model_name="m"} 0.75
        no sample
        """;

    private const string Second = """
        actorinference_worker_pending_tokens{worker="a\"1",role="prefill"} 500
        actorinference_time_to_first_token_seconds_bucket{le="0.1"} 10
        actorinference_time_to_first_token_seconds_bucket{le="1"} 110
        actorinference_time_to_first_token_seconds_bucket{le="+Inf"} 110
        """;

    [Fact]
    public void Every_worker_counts_once_and_histograms_count_what_happened_since()
    {
        var question = Question(8000);
        var (router, prefill) = (question.Instances[0], question.Instances[1]);

        var measured = RoleMeasure.Of(question, [(router, MetricPage.Parse(Second), MetricPage.Parse(First)), (prefill, MetricPage.Parse(First), null)]);

        Assert.Equal(500 + 700, measured[ScalingMetric.QueueTokens]);
        Assert.Equal(0.75, measured[ScalingMetric.Utilization]);
        Assert.Equal(0.1 + (0.9 * 0.99), measured[ScalingMetric.TimeToFirstToken], 6);
    }

    [Fact]
    public void What_nobody_reports_is_missing()
    {
        var measured = RoleMeasure.Of(Question(8000), [(Question(8000).Instances[1], MetricPage.Parse("up 1"), null)]);

        Assert.Empty(measured);
    }

    [Fact]
    public async Task Pages_are_read_from_the_instances_and_one_that_does_not_answer_is_missing()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = ServeAsync(listener, First);
        var source = new HttpMetricSource(ControlNode.Patience);

        var measured = await source.ReadAsync(Question(port)).WaitAsync(ControlNode.Patience);
        Assert.StartsWith("GET /metrics ", await serving.WaitAsync(ControlNode.Patience));
        listener.Stop();
        var missing = await source.ReadAsync(Question(port)).WaitAsync(ControlNode.Patience);

        Assert.Equal(1000, measured[ScalingMetric.QueueTokens]);
        Assert.Empty(missing);
    }

    /// <summary>A router with a port, and one prefill instance without.</summary>
    private static MetricQuestion Question(int port) => new(
        "demo", "prefill", "prefill",
        [Instance("router", [new PortLease("cluster", 0, 1), new PortLease("http", 0, port)]), Instance("prefill", [])],
        new Dictionary<string, string> { ["here"] = "127.0.0.1" });

    private static RolloutProtocol.InstanceStatus Instance(string role, ImmutableArray<PortLease> ports)
    {
        var report = new AgentProtocol.InstanceReport($"demo/{role}/0", $"demo-{role}-0", "here", AgentPhase.Running, IsReady: true, "r", "r", 0, ports, 1, DateTimeOffset.UnixEpoch, "", null);
        return new RolloutProtocol.InstanceStatus($"demo-{role}-0", role, 0, "r", InstanceStage.Settled, IsReady: true, "here", [report], DateTimeOffset.UnixEpoch, "");
    }

    /// <returns>The first line of the request.</returns>
    private static async Task<string> ServeAsync(TcpListener listener, string page)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var request = await reader.ReadLineAsync() ?? "";
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        var body = Encoding.UTF8.GetBytes(page);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(body);
        return request;
    }
}
