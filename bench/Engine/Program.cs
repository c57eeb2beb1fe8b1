using System.Globalization;
using System.Text.Json;
using ActorInference.Bench.Engine;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;

// Starts llama.cpp and this engine in turn on the same GGUF file:
//   dotnet run -c Release --project bench/Engine -- [--dtype q8_0,f16,q4_k] [--pairs 5] [--threads 2] [--only start] [--json]
const string Start = "start";
if (args is ["--ours", var model, var count, .. var rest])
{
    Console.Out.WriteLine(OurEngine.Measure(model, int.Parse(count, CultureInfo.InvariantCulture), rest is [Start]));
    return 0;
}

var options = BenchmarkOptions.Parse(args);
var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "actorinference-bench-engine")).FullName;
var llama = await Peer.InstallAsync(folder);
var lines = new List<Line>();
string[] only = options.OnlyStart ? [Start] : [];
foreach (var dtype in options.Dtypes)
{
    var file = MakeModel(folder, dtype);
    var (ours, theirs) = (new List<Measurement>(), new List<Measurement>());
    for (var pair = 0; pair < options.Pairs; pair++)
    {
        theirs.Add(Measurement.Parse(await Peer.RunAsync("node", llama, [Path.Combine(llama, "measure.mjs"), file, $"{options.Threads}", .. only])));
        ours.Add(Measurement.Parse(await Peer.RunAsync(Environment.ProcessPath!, folder, ["--ours", file, $"{options.Threads}", .. only])));
        Console.Error.WriteLine($"{dtype} pair {pair + 1} of {options.Pairs}: ours {ours[^1]}, llama.cpp {theirs[^1]}");
    }

    lines.AddRange(Line.Compare(dtype.ToString().ToLowerInvariant(), ours, theirs, options.OnlyStart));
}

if (options.Json) Console.Out.WriteLine(JsonSerializer.Serialize(lines, new JsonSerializerOptions { WriteIndented = true }));
else lines.ForEach(line => Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Name,-24} ours {line.Ours,9:0.00}  llama.cpp {line.LlamaCpp,9:0.00}  ratio {line.Ratio:0.00}")));
return 0;

static string MakeModel(string folder, WeightDtype dtype)
{
    var file = Path.Combine(folder, $"415m-{dtype}{GgufFile.Extension}".ToLowerInvariant());
    if (File.Exists(file)) return file;
    var parts = Path.Combine(folder, "415m");
    if (!Directory.Exists(parts))
    {
        var shape = ModelShape.Custom(layers: 24, hidden: 896, heads: 14, kvHeads: 2, headDim: 64, ffn: 4864, vocab: 32000);
        RandomModel.Write(shape, WeightDtype.BF16, parts);
    }

    GgufConverter.Convert(parts, file + ".part", dtype);
    File.Move(file + ".part", file);
    return file;
}
