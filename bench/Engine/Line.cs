using System.Text.Json.Serialization;

namespace ActorInference.Bench.Engine;

/// <summary>One figure of both, medians over the pairs.</summary>
/// <param name="Ratio">Above 1 ours is better.</param>
internal sealed record Line(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("ours")] double Ours,
    [property: JsonPropertyName("llama_cpp")] double LlamaCpp,
    [property: JsonPropertyName("ratio")] double Ratio)
{
    public static IEnumerable<Line> Compare(string model, List<Measurement> ours, List<Measurement> theirs, bool onlyStart)
    {
        Line Of(string name, Func<Measurement, double> figure, bool lessIsBetter = false)
        {
            var pairs = ours.Zip(theirs).Select(pair => (Ours: figure(pair.First), Theirs: figure(pair.Second))).ToList();
            var ratio = Median(pairs.Select(pair => lessIsBetter ? pair.Theirs / pair.Ours : pair.Ours / pair.Theirs));
            return new Line($"{model} {name}", Median(pairs.Select(pair => pair.Ours)), Median(pairs.Select(pair => pair.Theirs)), ratio);
        }

        yield return Of("first token s", m => m.FirstTokenSeconds, lessIsBetter: true);
        if (onlyStart) yield break;
        yield return Of("prefill tok/s", m => m.PrefillTokensPerSecond);
        yield return Of("decode tok/s", m => m.DecodeTokensPerSecond);
        yield return Of("eight tok/s", m => m.EightTokensPerSecond);
        yield return Of("ttft 2000 s", m => m.LongPromptSeconds, lessIsBetter: true);
        yield return Of("resident MB", m => m.ResidentMegabytes, lessIsBetter: true);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
