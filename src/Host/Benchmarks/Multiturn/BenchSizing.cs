using System.Globalization;
using ActorInference.Gpu.Models;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>How large the tiers of a benchmark's own server are, by the pages that all its conversations fill.</summary>
/// <param name="DeviceShare">Of these, what the device's cache holds.</param>
/// <param name="HostShare">And what host memory holds.</param>
internal sealed record BenchSizing(double DeviceShare, double HostShare, int PageSizeTokens)
{
    /// <summary>A Llama that computes a few thousand tokens a second on two cores.</summary>
    private static ModelShape Shape(int context) => ModelShape.Custom(layers: 6, hidden: 384, heads: 6, kvHeads: 2, headDim: 64, ffn: 1024, vocab: 2048, context);

    /// <summary>Writes the benchmark's own model.</summary>
    public static void WriteModel(string folder, MultiturnOptions options) =>
        RandomModel.Write(Shape(options.LongestTokens + 256), WeightDtype.F32, folder);

    /// <summary>Arguments of a server with these tiers.</summary>
    /// <param name="folder">For its configuration and its data.</param>
    public string[] Arguments(string tiers, string modelFolder, string folder, MultiturnOptions options)
    {
        var context = ModelConfig.Load(modelFolder).MaxPositionEmbeddings;
        var longest = PagesFor(options.LongestTokens);
        var workingSet = options.Clients * longest;
        var device = Math.Max(1, (int)(workingSet * DeviceShare));
        // Beside the cache there is room for what runs: the workers' longest sequence, and those of the benchmark.
        var pool = device + PagesFor(context) + options.MaxParallel * longest;
        // A little more, since the share is rounded down to pages.
        var share = Math.Min(0.99, (device + 0.5) / pool);
        var config = Path.Combine(folder, $"{tiers}.conf");
        Directory.CreateDirectory(folder);
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $$"""
            actor-inference {
              prefill.prefix-cache.share = {{share:0.000000}}
              cache.l2.pages = {{(tiers == "l1" ? 0 : Math.Max(1, (int)(workingSet * HostShare)))}}
            }
            """));
        return
        [
            "--model", modelFolder, "--page-size", Text(PageSizeTokens), "--kv-pages", Text(pool),
            "--config", config, "--data", Path.Combine(folder, $"{tiers}.data"),
        ];
    }

    private int PagesFor(int tokens) => (tokens + PageSizeTokens - 1) / PageSizeTokens;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
