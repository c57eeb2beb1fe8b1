using System.Collections.Immutable;
using System.Globalization;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>One sample of a page of metrics.</summary>
public sealed record MetricSample(string Name, ImmutableSortedDictionary<string, string> Labels, double Value)
{
    public string Label(string name) => Labels.GetValueOrDefault(name, "");
}

/// <summary>The samples of a page in the text format 0.0.4 of Prometheus.</summary>
public sealed record MetricPage(ImmutableArray<MetricSample> Samples)
{
    private static readonly ImmutableSortedDictionary<string, string> NoLabels = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public IEnumerable<MetricSample> Find(string name) => Samples.Where(sample => sample.Name == name);

    /// <summary>Comments, and lines that are no samples, are skipped.</summary>
    public static MetricPage Parse(string text)
    {
        var samples = ImmutableArray.CreateBuilder<MetricSample>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.IsEmpty && line[0] != '#' && ParseSample(line.ToString()) is { } sample) samples.Add(sample);
        }

        return new MetricPage(samples.ToImmutable());
    }

    private static MetricSample? ParseSample(string line)
    {
        var brace = line.IndexOf('{');
        var end = brace < 0 ? line.IndexOf(' ') : line.LastIndexOf('}');
        if (end <= 0) return null;
        var name = line[..(brace < 0 ? end : brace)];
        var value = line[(end + 1)..].Trim().Split(' ')[0];
        var labels = brace < 0 ? NoLabels : ParseLabels(line[(brace + 1)..end]);
        if (value is "+Inf" or "-Inf" or "NaN") return new MetricSample(name, labels, value == "NaN" ? double.NaN : value == "+Inf" ? double.PositiveInfinity : double.NegativeInfinity);
        return double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? new MetricSample(name, labels, number) : null;
    }

    private static ImmutableSortedDictionary<string, string> ParseLabels(string text)
    {
        var labels = NoLabels.ToBuilder();
        var at = 0;
        while (at < text.Length && text.IndexOf("=\"", at, StringComparison.Ordinal) is >= 0 and var equal)
        {
            var name = text[at..equal].Trim(',', ' ');
            var (value, end) = ParseValue(text, equal + 2);
            labels[name] = value;
            at = end;
        }

        return labels.ToImmutable();
    }

    private static (string Value, int End) ParseValue(string text, int start)
    {
        var value = new System.Text.StringBuilder();
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] == '"') return (value.ToString(), i + 1);
            if (text[i] == '\\' && i + 1 < text.Length) value.Append(text[++i] == 'n' ? '\n' : text[i]);
            else value.Append(text[i]);
        }

        return (value.ToString(), text.Length);
    }
}
