using System.Globalization;

namespace ActorInference.Bench.Serving;

/// <summary>What to measure.</summary>
/// <param name="Model">Folder of the model; null for the shipped one.</param>
/// <param name="Tokens">Tokens of one answer.</param>
/// <param name="Rounds">Answers of each kind; the median counts.</param>
internal sealed record BenchOptions(string Model, int Tokens, int Rounds, bool Json)
{
    public static BenchOptions Parse(string[] args)
    {
        var model = Path.Combine(AppContext.BaseDirectory, "models", "demo");
        var (tokens, rounds, json) = (400, 15, false);
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--model" when i + 1 < args.Length: model = args[++i]; break;
                case "--tokens" when i + 1 < args.Length: tokens = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--rounds" when i + 1 < args.Length: rounds = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--json": json = true; break;
                default: throw new ArgumentException($"'{args[i]}' is not known; expected --model DIR, --tokens N, --rounds N or --json.");
            }
        }

        return new BenchOptions(model, tokens, rounds, json);
    }
}
