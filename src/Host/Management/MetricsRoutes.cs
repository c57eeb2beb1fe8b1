using ActorInference.Actors.Protocols;
using ActorInference.Host.Metrics;
using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;

namespace ActorInference.Host.Management;

/// <summary><c>GET /metrics</c>: what this process measures, in the text format of Prometheus.</summary>
public sealed class MetricsRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => [("/metrics", new Route())];

    private sealed class Route : HttpModuleBase
    {
        public override async Task<bool> HandleAsync(IAkkaHttpContext httpContext)
        {
            var text = await TextAsync(httpContext.ActorSystem);
            await httpContext.HttpContext.Response.WriteAllAsync(text, PrometheusText.ContentType);
            return true;
        }
    }

    private static async Task<string> TextAsync(ActorSystem system)
    {
        var text = new PrometheusText();
        if (system.Settings.Setup.Get<MetricsSetup>() is { HasValue: true } setup) setup.Value.Collector.Write(text);
        WriteProcess(text);
        if (ClusterView.Of(system) is { } view) WriteCluster(text, view);
        try
        {
            WriteWorkers(text, await system.WorkersAsync());
        }
        catch (WorkersUnknownException)
        {
            // No gateway, or one whose router is too busy to say: its series have a gap.
        }

        return text.ToString();
    }

    private static void WriteProcess(PrometheusText text) => text
        .Single("process_cpu_seconds_total", "counter", "Processor time of this process.", Environment.CpuUsage.TotalTime.TotalSeconds)
        .Single("process_resident_memory_bytes", "gauge", "Memory of this process that is not swapped out.", Environment.WorkingSet);

    private static void WriteCluster(PrometheusText text, ClusterView view)
    {
        text.Begin("actorinference_cluster_members", "gauge", "Members of the cluster as this node sees them, by status.");
        foreach (var status in view.Members.GroupBy(member => member.Status).OrderBy(group => group.Key, StringComparer.Ordinal))
            text.Sample("actorinference_cluster_members", PrometheusText.Labels(new KeyValuePair<string, object?>("status", status.Key.ToLowerInvariant())), status.Count());
        text.Single("actorinference_cluster_members_unreachable", "gauge", "Members that this node's cluster cannot reach.", view.Members.Count(member => !member.Reachable));
    }

    private static void WriteWorkers(PrometheusText text, RouterProtocol.Workers workers)
    {
        text.Single("actorinference_generations_in_flight", "gauge", "Generations that the router has given workers to.", workers.InFlight);
        text.Single("actorinference_router_prompt_tokens_total", "counter", "Prompt tokens that the router gave to workers.", workers.PromptTokens);
        text.Single("actorinference_router_prefix_tokens_total", "counter", "Those that it took the chosen prefill worker to have cached.", workers.PrefixTokens);
        text.Single("actorinference_router_prefix_blocks", "gauge", "Blocks of prompts of which the router knows who has them.", workers.PrefixBlocks);
        text.Begin("actorinference_worker_jobs", "gauge", "Jobs of a worker, waiting or at work.");
        foreach (var report in workers.Reports) text.Sample("actorinference_worker_jobs", Labels(report), report.Jobs);
        text.Begin("actorinference_worker_pending_tokens", "gauge", "Tokens of a worker's jobs that have not begun.");
        foreach (var report in workers.Reports) text.Sample("actorinference_worker_pending_tokens", Labels(report), report.PendingTokens);
    }

    private static string Labels(RouterProtocol.WorkerReport report) => PrometheusText.Labels(
        new KeyValuePair<string, object?>("worker", report.Worker.Value), new KeyValuePair<string, object?>("role", report.Role.ToString().ToLowerInvariant()));
}
