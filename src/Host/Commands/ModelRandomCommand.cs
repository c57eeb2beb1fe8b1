using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference model random</c>: writes a model of a given shape with random weights, to measure with.</summary>
public static class ModelRandomCommand
{
    private const string CustomShape = "custom";
    public static Command Create()
    {
        var options = new Options();
        var command = new Command("random", "Write a model with random weights, to measure with.");
        foreach (var option in options.All) command.Add(option);
        command.SetAction(parsed => Run(parsed, options));
        return command;
    }

    private static int Run(ParseResult parsed, Options options)
    {
        try
        {
            var shape = options.ReadShape(parsed);
            var folder = parsed.GetRequiredValue(options.Out);
            var (dtype, seed) = (parsed.GetRequiredValue(options.Dtype), parsed.GetValue(options.Seed));
            if (parsed.GetValue(options.Format) == ModelFormat.Gguf) WriteGguf(shape, dtype, folder, seed);
            else if (dtype.IsQuantized()) throw new ArgumentException($"--dtype is '{dtype}'; expected f32, f16 or bf16, or --format gguf.");
            else RandomModel.Write(shape, dtype, folder, seed, new PercentLine());
            Console.Out.WriteLine(folder);
            return CommandLine.Success;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"actorinference: {error.Message.ReplaceLineEndings(" ")}");
            return CommandLine.UserError;
        }
    }

    /// <summary>By way of a folder, of which nothing is left.</summary>
    private static void WriteGguf(ModelShape shape, WeightDtype dtype, string file, ulong seed)
    {
        if (!file.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase)) throw new ArgumentException($"--out is '{file}'; expected the path of a {GgufFile.Extension} file.");
        var folder = file + ".parts";
        try
        {
            RandomModel.Write(shape, WeightDtype.BF16, folder, seed, new PercentLine());
            GgufConverter.Convert(folder, file, dtype, new PercentLine());
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Options
    {
        private readonly Option<string> _shape = new("--shape")
        {
            Description = $"{string.Join(", ", ModelShape.Known.Select(shape => shape.Name))}, or {CustomShape}.",
            Required = true,
        };

        private readonly Option<int> _layers = Size("--layers", 4);
        private readonly Option<int> _hidden = Size("--hidden", 256);
        private readonly Option<int> _heads = Size("--heads", 8);
        private readonly Option<int> _kvHeads = Size("--kv-heads", 2);
        private readonly Option<int> _headDim = Size("--head-dim", 32);
        private readonly Option<int> _ffn = Size("--ffn", 768);
        private readonly Option<int> _vocab = Size("--vocab", 4096);
        private readonly Option<int> _context = Size("--context", 4096);

        public Option<WeightDtype> Dtype { get; } = new("--dtype") { Description = "f32, f16 or bf16; with --format gguf also q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0, q3_k, q2_k, iq4_nl and iq4_xs.", DefaultValueFactory = _ => WeightDtype.BF16 };

        public Option<ModelFormat> Format { get; } = new("--format") { Description = "safetensors (a folder) or gguf (a file)." };

        public Option<string> Out { get; } = new("--out") { Description = "Folder or file to write.", Required = true };

        public Option<ulong> Seed { get; } = new("--seed") { Description = "The same seed gives the same weights.", DefaultValueFactory = _ => 1 };

        public IEnumerable<Option> All => [_shape, Dtype, Format, Out, Seed, .. Sizes];

        private Option<int>[] Sizes => [_layers, _hidden, _heads, _kvHeads, _headDim, _ffn, _vocab, _context];

        /// <exception cref="ArgumentException">The shape is unknown or impossible.</exception>
        public ModelShape ReadShape(ParseResult parsed)
        {
            var name = parsed.GetRequiredValue(_shape);
            if (name == CustomShape)
            {
                return ModelShape.Custom(parsed.GetValue(_layers), parsed.GetValue(_hidden), parsed.GetValue(_heads), parsed.GetValue(_kvHeads),
                    parsed.GetValue(_headDim), parsed.GetValue(_ffn), parsed.GetValue(_vocab), parsed.GetValue(_context));
            }

            var given = Sizes.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
            return given is null ? ModelShape.Find(name) : throw new ArgumentException($"{given.Name} is given with --shape {name}; it goes with --shape {CustomShape} only.");
        }

        private static Option<int> Size(string name, int fallback) => new(name)
        {
            Description = $"With --shape {CustomShape}. Default: {fallback}.",
            DefaultValueFactory = _ => fallback,
            CustomParser = result => Parse(result, name),
        };

        private static int Parse(ArgumentResult result, string name)
        {
            const int most = 1 << 22;
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is >= 1 and <= most) return size;
            result.AddError($"{name} is '{text}'; expected an integer from 1 to {most}.");
            return 1;
        }
    }
}
