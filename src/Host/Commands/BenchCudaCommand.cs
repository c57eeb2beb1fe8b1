using System.CommandLine;
using System.Globalization;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Host.Benchmarks;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench cuda</c>: checks and measures a model on a CUDA device.</summary>
public static class BenchCudaCommand
{
    private const int Success = 0;
    private const int Differs = 1;

    public static Command Create()
    {
        var options = new Options();
        var command = new Command("cuda", "Check and measure a model on a CUDA device.");
        foreach (var option in options.All) command.Add(option);
        command.SetAction(parsed =>
        {
            var device = new DeviceChoice(DeviceKind.Cuda, parsed.GetValue(options.Device) ?? 0).Resolve(CudaProbe.Look, null, _ => { })!;
            return parsed.GetValue(options.Verify) ? Verify(device.Index, parsed.GetRequiredValue(options.Model), parsed.GetValue(options.Overlap)) : Measure(device.Index, parsed, options);
        });
        return command;
    }

    private static int Verify(int device, string model, bool overlapLaunches)
    {
        var reference = Path.Combine(model, CudaVerification.File);
        if (!File.Exists(reference)) throw new UserErrorException($"{reference} is missing; --verify compares with it.");
        var results = CudaVerification.Run(device, model, CudaBackend.KernelCache, overlapLaunches);
        for (var i = 0; i < results.Count; i++)
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"case {i}: {results[i].EqualTokens} of {results[i].Tokens} tokens equal, worst logit off by {results[i].WorstLogit:G3}"));
        return results.All(result => result.EqualTokens == result.Tokens) ? Success : Differs;
    }

    private static int Measure(int device, ParseResult parsed, Options options)
    {
        var wanted = options.Read(parsed);
        try
        {
            var beside = parsed.GetValue(options.Beside) is { } other ? CudaReport.ReadTorch(other) : [];
            using var benchmark = new CudaBenchmark(device, parsed.GetRequiredValue(options.Model), CudaBackend.KernelCache, wanted);
            var report = new CudaReport { Device = benchmark.DeviceName, Peak = benchmark.Peak };
            Measure(benchmark, wanted, report, () =>
            {
                // After each, so that little is lost where a later one is given up.
                if (parsed.GetValue(options.Out) is { } file) File.WriteAllText(file, report.ToJson());
                if (!parsed.GetValue(options.Json)) report.WriteNew(Console.Out);
            }, beside);
            if (parsed.GetValue(options.Json)) Console.Out.WriteLine(report.ToJson());
            return report.IsComplete ? Success : Differs;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or IOException or CudaMemoryException or CudaLibraryException)
        {
            throw new UserErrorException(error.Message, error);
        }
    }

    private static void Measure(CudaBenchmark benchmark, CudaBenchmarkOptions wanted, CudaReport report, Action save, IReadOnlyList<CudaReport.TorchCase> beside)
    {
        (string What, Action Measure)[] parts =
        [
            .. wanted.Cases.Select(item => ($"batch {item.Batch}, prompt {item.PromptTokens}", (Action)(() => report.Add(benchmark.Measure(item))))),
            .. wanted.AttentionCases.Select(item => ($"attention of {item.Batch} queries, {item.PromptTokens} keys", (Action)(() => report.Add(benchmark.Kernels.Attention(item))))),
            ("pages", () => report.Add(benchmark.Kernels.Pages())),
            ("beside PyTorch", () => report.Compare(beside)),
            // Last: nobody else uses it yet.
            .. wanted.OverlapLaunches ? wanted.Cases.Select(item => ($"batch {item.Batch}, launches overlapping", (Action)(() => report.AddOverlapping(benchmark.Measure(item, overlapLaunches: true))))) : [],
        ];
        save();
        foreach (var (what, measure) in parts)
        {
            try
            {
                measure();
            }
            catch (Exception failure) when (failure is CudaMemoryException or CudaLibraryException or InvalidOperationException)
            {
                report.AddError(what, failure.Message);   // What does not fit this device leaves the rest to be measured.
            }
            catch (CudaDeviceLostException failure)
            {
                report.AddError(what, failure.Message);   // And so does all that comes after it.
                save();
                return;
            }

            save();
        }
    }

    private sealed class Options
    {
        private const int Most = 1 << 20;

        private readonly CudaBenchmarkOptions _defaults = new();
        private readonly Option<int?> _rounds = NumberOption.Integer("--rounds", "Times that everything is measured; results are medians. Default: 3.", 1, 100);
        private readonly Option<CudaBenchmarkCase[]> _cases = Cases("--cases", "Sequences and prompt tokens of each, such as 1x1024,64x1024. Default: 1x1024,8x1024,64x1024,1x8128.");
        private readonly Option<CudaBenchmarkCase[]> _attention = Cases("--attention", "Queries and keys of each, for attention alone. Default: 1x8128,8x4096,64x1024.");
        private readonly Option<int?> _outputTokens = NumberOption.Integer("--output-tokens", "Decode steps. Default: 64.", 3, Most);
        private readonly Option<int?> _chunkTokens = NumberOption.Integer("--chunk-tokens", "Prompt tokens of a step. Default: 8192.", 1, Most);
        private readonly Option<long?> _copyBytes = NumberOption.Bytes("--copy-bytes", "Size of copies that are measured. Default: 1GiB.");
        private readonly Option<int?> _matmulSize = NumberOption.Integer("--matmul-size", "Rows of the largest product, a multiple of 8. Default: 8192.", 8, Most);
        private readonly Option<int?> _warmMilliseconds = NumberOption.Integer("--warm-ms", "For which a case runs before it is measured. Default: 1000.", 0, 600_000);

        public Option<string> Model { get; } = new("--model") { Description = "Model folder in Hugging Face form, or a GGUF file.", Required = true };

        public Option<int?> Device { get; } = NumberOption.Integer("--device", "Number of the CUDA device. Default: 0.", 0, 1024);

        public Option<bool> Verify { get; } = new("--verify") { Description = $"Compare with the cases of the model's {CudaVerification.File} instead." };

        public Option<bool> Overlap { get; } = new("--overlap-launches") { Description = "Let a kernel of a decode step begin while the one before it ends; measured beside the ordinary way. Devices of compute capability 9.0 and later." };

        public Option<bool> Json { get; } = new("--json") { Description = "Print a JSON object." };

        public Option<string?> Out { get; } = new("--out") { Description = "File to write the JSON object to, beside what is printed." };

        public Option<string?> Beside { get; } = new("--beside") { Description = "What compare_torch.py wrote, to compare with." };

        public IEnumerable<Option> All => [Model, Device, Verify, Overlap, Json, Out, Beside, _rounds, _cases, _attention, _outputTokens, _chunkTokens, _copyBytes, _matmulSize, _warmMilliseconds];

        public CudaBenchmarkOptions Read(ParseResult parsed) => _defaults with
        {
            OverlapLaunches = parsed.GetValue(Overlap),
            Rounds = parsed.GetValue(_rounds) ?? _defaults.Rounds,
            Cases = parsed.GetValue(_cases) ?? _defaults.Cases,
            AttentionCases = parsed.GetValue(_attention) ?? _defaults.AttentionCases,
            OutputTokens = parsed.GetValue(_outputTokens) ?? _defaults.OutputTokens,
            ChunkTokens = parsed.GetValue(_chunkTokens) ?? _defaults.ChunkTokens,
            CopyBytes = parsed.GetValue(_copyBytes) ?? _defaults.CopyBytes,
            MatmulSize = parsed.GetValue(_matmulSize) ?? _defaults.MatmulSize,
            WarmTime = parsed.GetValue(_warmMilliseconds) is { } warm ? TimeSpan.FromMilliseconds(warm) : _defaults.WarmTime,
        };

        private static Option<CudaBenchmarkCase[]> Cases(string name, string description) => new(name)
        {
            Description = description,
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (TryParse(text) is { } cases) return cases;
                result.AddError($"{name} is '{text}'; expected pairs such as 1x1024,64x1024.");
                return [];
            },
        };

        private static CudaBenchmarkCase[]? TryParse(string text)
        {
            var cases = new List<CudaBenchmarkCase>();
            foreach (var part in text.Split(','))
            {
                var numbers = part.Split('x');
                if (numbers.Length != 2 || !TryParse(numbers[0], out var batch) || !TryParse(numbers[1], out var prompt)) return null;
                cases.Add(new CudaBenchmarkCase(batch, prompt));
            }

            return [.. cases];
        }

        private static bool TryParse(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= Most;
    }
}
