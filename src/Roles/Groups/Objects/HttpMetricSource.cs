using System.Collections.Concurrent;
using System.Net.Sockets;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>
/// Reads <c>GET /metrics</c> of a group's ready instances, at their port named <c>metrics</c>, <c>management</c> or <c>http</c>, in
/// the text format of Prometheus: this program's own names, and SGLang's.
/// </summary>
/// <param name="limit">Time that an instance has to answer.</param>
public sealed class HttpMetricSource(TimeSpan limit) : IMetricSource
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(3);
    private static readonly string[] PortNames = ["metrics", "management", "http"];

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 2 }) { Timeout = Timeout.InfiniteTimeSpan };

    private readonly ConcurrentDictionary<string, MetricPage> _before = new(StringComparer.Ordinal);

    public HttpMetricSource()
        : this(DefaultLimit)
    {
    }

    public async Task<IReadOnlyDictionary<ScalingMetric, double>> ReadAsync(MetricQuestion question)
    {
        var pages = new ConcurrentBag<(RolloutProtocol.InstanceStatus Instance, MetricPage Page, MetricPage? Before)>();
        var targets = question.Instances.Where(instance => instance.IsReady).Select(instance => (instance, Url: UrlOf(instance, question))).Where(target => target.Url is not null);
        await Parallel.ForEachAsync(targets, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (target, stop) =>
        {
            if (await ReadOrNullAsync(target.Url!, stop).ConfigureAwait(false) is not { } page) return;
            pages.Add((target.instance, page, _before.GetValueOrDefault(target.Url!)));
            _before[target.Url!] = page;
        }).ConfigureAwait(false);
        return RoleMeasure.Of(question, [.. pages]);
    }

    private static string? UrlOf(RolloutProtocol.InstanceStatus instance, MetricQuestion question)
    {
        if (!question.Addresses.TryGetValue(instance.Node, out var address)) return null;
        var ports = instance.Members.SelectMany(member => member.Ports).ToList();
        var port = PortNames.Select(name => ports.FirstOrDefault(each => each.Name == name)).FirstOrDefault(each => each is not null);
        return port is null ? null : $"http://{(address.Contains(':') ? $"[{address}]" : address)}:{port.Port}/metrics";
    }

    /// <summary>One that does not answer, or has no such route, measures nothing: the metric is missing unless others have it.</summary>
    private async Task<MetricPage?> ReadOrNullAsync(string url, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(limit);
        try
        {
            using var response = await Http.GetAsync(new Uri(url), deadline.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? MetricPage.Parse(await response.Content.ReadAsStringAsync(deadline.Token).ConfigureAwait(false)) : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
