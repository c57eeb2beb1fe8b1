using System.Globalization;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>How large the tiers of a benchmark's own server are, by the pages that all its conversations fill.</summary>
/// <param name="DeviceShare">Of these, what the device's cache holds.</param>
/// <param name="HostShare">And what host memory holds. The stores hold all.</param>
internal sealed record BenchSizing(double DeviceShare, double HostShare, int PageSizeTokens)
{
    /// <summary>Room in the stores beyond the pages: they evict before they are full, and the warm-up has pages too.</summary>
    private const double StoreRoom = 1.5;

    private const int WarmUpPages = 64;

    /// <summary>Name of the tiers with the device's alone, with host memory, and with stores.</summary>
    public static IReadOnlyList<string> TierNames { get; } = ["l1", "l1+l2", "l1+l2+l3"];

    /// <summary>A Llama of 75 million parameters: a page of it is copied in a hundredth of the time that it takes to compute.</summary>
    private static ModelShape Shape(int context) => ModelShape.Custom(layers: 12, hidden: 768, heads: 12, kvHeads: 2, headDim: 64, ffn: 2048, vocab: 2048, context);

    /// <summary>Writes the benchmark's own model.</summary>
    public static void WriteModel(string folder, MultiturnOptions options) =>
        RandomModel.Write(Shape(options.LongestTokens + 256), WeightDtype.F32, folder);

    /// <summary>Arguments of a server with these tiers.</summary>
    /// <param name="folder">For its configuration and its data.</param>
    public string[] Arguments(string tiers, string modelFolder, string folder, MultiturnOptions options)
    {
        var model = ModelConfig.Load(modelFolder);
        var layout = new KvPageLayout(model.Layers, PageSizeTokens, model.KvHeads, model.HeadDim, KvDtype.F32);
        var longest = layout.PagesFor(options.LongestTokens);
        var workingSet = options.Clients * longest;
        var device = Math.Max(1, (int)(workingSet * DeviceShare));
        // Beside the cache there is room for what runs: the workers' longest sequence, and those of the benchmark.
        var pool = device + layout.PagesFor(model.MaxPositionEmbeddings) + options.MaxParallel * longest;
        // A little more, since the share is rounded down to pages.
        var share = Math.Min(0.99, (device + 0.5) / pool);
        var config = Path.Combine(folder, $"{tiers}.conf");
        Directory.CreateDirectory(folder);
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $$"""
            actor-inference {
              prefill.prefix-cache.share = {{share:0.000000}}
              decode.prefix-cache.share = 0
              cache {
                l2 { ratio = 0, pages = {{(tiers == "l1" ? 0 : Math.Max(1, (int)(workingSet * HostShare)))}} }
                l3.attached = {{(tiers == "l1+l2+l3" ? "on" : "off")}}
                store.memory = {{(long)((workingSet * StoreRoom + WarmUpPages) * layout.PageBytes)}}B
              }
            }
            """));
        return
        [
            "--model", modelFolder, "--page-size", Text(PageSizeTokens), "--kv-pages", Text(pool),
            "--config", config, "--data", Path.Combine(folder, $"{tiers}.data"),
        ];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
