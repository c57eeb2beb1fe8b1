using System.Globalization;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>What the pages of a group's instances say of one role.</summary>
public static class RoleMeasure
{
    private const double Share = 0.99;
    private const string PendingTokens = "actorinference_worker_pending_tokens";
    private const string PagesUsed = "actorinference_kv_pages_used";
    private const string PagesFree = "actorinference_kv_pages_free";

    private static readonly string[] FirstTokens = ["actorinference_time_to_first_token_seconds", "sglang:time_to_first_token_seconds"];
    private static readonly string[] Usages = ["actorinference_utilization", "sglang:token_usage"];

    /// <param name="pages">Each with the one before it, by which counters become what happened since.</param>
    /// <returns>Averages per ready instance; P99 for the time until the first token.</returns>
    public static IReadOnlyDictionary<ScalingMetric, double> Of(MetricQuestion question, IReadOnlyCollection<(RolloutProtocol.InstanceStatus Instance, MetricPage Page, MetricPage? Before)> pages)
    {
        var measured = new Dictionary<ScalingMetric, double>();
        var ready = Math.Max(1, question.Instances.Count(instance => instance.Role == question.Role && instance.IsReady));
        var own = pages.Where(page => page.Instance.Role == question.Role).Select(page => page.Page).ToList();
        if (Waiting(question.Label, pages.Select(page => page.Page)) is { } tokens) measured[ScalingMetric.QueueTokens] = tokens / ready;
        if (FirstToken([.. pages.Select(page => (page.Page, page.Before))]) is { } seconds) measured[ScalingMetric.TimeToFirstToken] = seconds;
        var usages = own.Select(Usage).OfType<double>().ToList();
        if (usages.Count > 0) measured[ScalingMetric.Utilization] = usages.Average();
        return measured;
    }

    /// <summary>Every gateway reports every worker: each worker counts once, by the greatest report.</summary>
    private static double? Waiting(string role, IEnumerable<MetricPage> pages)
    {
        var workers = pages.SelectMany(page => page.Find(PendingTokens)).Where(sample => sample.Label("role") == role).ToList();
        return workers.Count == 0 ? null : workers.GroupBy(sample => sample.Label("worker")).Sum(worker => worker.Max(sample => sample.Value));
    }

    private static double? Usage(MetricPage page)
    {
        var direct = Usages.SelectMany(page.Find).ToList();
        if (direct.Count > 0) return direct.Average(sample => sample.Value);
        var (used, free) = (page.Find(PagesUsed).Sum(sample => sample.Value), page.Find(PagesFree).Sum(sample => sample.Value));
        return used + free > 0 ? used / (used + free) : null;
    }

    /// <summary>P99 of the requests since the pages before, interpolated within its bucket; the first page says nothing yet.</summary>
    private static double? FirstToken(IReadOnlyCollection<(MetricPage Page, MetricPage? Before)> pages)
    {
        var counts = new SortedDictionary<double, double>();
        foreach (var (page, before) in pages)
        {
            if (before is null) continue;
            foreach (var (bound, count) in Buckets(page)) counts[bound] = counts.GetValueOrDefault(bound) + count;
            foreach (var (bound, count) in Buckets(before)) counts[bound] = counts.GetValueOrDefault(bound) - count;
        }

        return Quantile(counts);
    }

    private static IEnumerable<(double Bound, double Count)> Buckets(MetricPage page) =>
        FirstTokens.SelectMany(name => page.Find(name + "_bucket"))
            .Select(sample => (sample.Label("le") == "+Inf" ? double.PositiveInfinity : double.Parse(sample.Label("le"), CultureInfo.InvariantCulture), sample.Value));

    private static double? Quantile(SortedDictionary<double, double> cumulative)
    {
        if (cumulative.Count == 0 || cumulative.Last().Value <= 0) return null;
        var wanted = Share * cumulative.Last().Value;
        var (lower, below) = (0.0, 0.0);
        foreach (var (bound, count) in cumulative)
        {
            if (count >= wanted) return double.IsInfinity(bound) ? lower : lower + ((bound - lower) * (wanted - below) / Math.Max(count - below, 1e-9));
            (lower, below) = (bound, count);
        }

        return lower;
    }
}
