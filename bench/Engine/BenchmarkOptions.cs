using System.Globalization;
using ActorInference.Gpu.Models;

namespace ActorInference.Bench.Engine;

/// <summary>What to compare.</summary>
internal sealed record BenchmarkOptions(IReadOnlyList<WeightDtype> Dtypes, int Pairs, int Threads, bool Json, bool OnlyStart)
{
    public static BenchmarkOptions Parse(string[] args)
    {
        var options = new BenchmarkOptions([WeightDtype.Q8_0, WeightDtype.F16, WeightDtype.Q4_K], 5, Environment.ProcessorCount, false, false);
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--only" => Value(args, ref i) == "start" ? options with { OnlyStart = true } : throw new ArgumentException($"--only is '{args[i]}'; expected start."),
                "--json" => options with { Json = true },
                "--dtype" => options with { Dtypes = [.. Value(args, ref i).Split(',').Select(name => Enum.Parse<WeightDtype>(name, ignoreCase: true))] },
                "--pairs" => options with { Pairs = int.Parse(Value(args, ref i), CultureInfo.InvariantCulture) },
                "--threads" => options with { Threads = int.Parse(Value(args, ref i), CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"'{args[i]}' is not known; expected --dtype, --pairs, --threads, --only or --json."),
            };
        }

        return options;
    }

    private static string Value(string[] args, ref int index) =>
        ++index < args.Length ? args[index] : throw new ArgumentException($"{args[^1]} has no value.");
}
