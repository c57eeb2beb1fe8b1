using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ActorInference.Gpu.Models;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference model random</c>: writes a model of a given shape with random weights, to measure with.</summary>
public static class ModelRandomCommand
{
    private const string CustomShape = "custom";
    private const int Success = 0;
    private const int UserError = 2;

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
            RandomModel.Write(shape, parsed.GetRequiredValue(options.Dtype), folder, parsed.GetValue(options.Seed), new PercentLine());
            Console.Out.WriteLine(folder);
            return Success;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"actorinference: {error.Message.ReplaceLineEndings(" ")}");
            return UserError;
        }
    }

    /// <summary>Shows whole percents on stderr, on one line of a terminal; elsewhere nothing.</summary>
    private sealed class PercentLine : IProgress<LoadProgress>
    {
        private long _shown = -1;

        public void Report(LoadProgress value)
        {
            var percent = 100 * value.LoadedBytes / Math.Max(1, value.TotalBytes);
            if (Console.IsErrorRedirected || percent == _shown) return;
            _shown = percent;
            Console.Error.Write(percent == 100 ? "\r                    \r" : $"\rWriting {percent} %");
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

        public Option<WeightDtype> Dtype { get; } = new("--dtype") { Description = "f32, f16 or bf16.", DefaultValueFactory = _ => WeightDtype.BF16 };

        public Option<string> Out { get; } = new("--out") { Description = "Folder to write; made if need be.", Required = true };

        public Option<ulong> Seed { get; } = new("--seed") { Description = "The same seed gives the same weights.", DefaultValueFactory = _ => 1 };

        public IEnumerable<Option> All => [_shape, Dtype, Out, Seed, .. Sizes];

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
