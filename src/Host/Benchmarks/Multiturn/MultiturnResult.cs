namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>One request that was answered.</summary>
/// <param name="Round">From 0.</param>
/// <param name="OutputIds">All of them.</param>
/// <param name="CachedTokens">Prompt tokens that were not computed, <paramref name="Host"/> and <paramref name="Storage"/> among them.</param>
/// <param name="TtftSeconds">From sending to the first token.</param>
/// <param name="LatencySeconds">To the last line.</param>
/// <param name="GapSeconds">Between chunks.</param>
internal sealed record Answer(
    int Round, int[] OutputIds, int PromptTokens, int CachedTokens, int Host, int Storage, double TtftSeconds, double LatencySeconds, double[] GapSeconds)
{
    /// <summary>Counted in chunks, as SGLang does.</summary>
    public int GeneratedLength => GapSeconds.Length + 1;
}

/// <summary>A run and the figures that SGLang makes of it.</summary>
internal sealed record MultiturnResult(MultiturnOptions Options, int PageSizeTokens, IReadOnlyList<Answer> Answers, int Failed, double Seconds)
{
    public int Requests => Options.Clients * Options.Rounds;

    public long PromptTokens => Answers.Sum(static answer => (long)answer.PromptTokens);

    public double HitRate => Share(static answer => answer.CachedTokens);

    public double HostHitRate => Share(static answer => answer.Host);

    public double StorageHitRate => Share(static answer => answer.Storage);

    public double InputTokensPerSecond => PromptTokens / Seconds;

    public double OutputTokensPerSecond => Answers.Sum(static answer => (long)answer.GeneratedLength) / Seconds;

    public double RequestsPerSecond => Requests / Seconds;

    /// <summary>
    /// Of an infinite cache with these pages: of each prompt what the one before it and its answer fill whole pages with,
    /// but for the answer's last token, which nobody has computed.
    /// </summary>
    public double IdealHitRate
    {
        get
        {
            var (cached, prompts, known) = (0L, 0L, 0);
            for (var round = 0; round < Options.Rounds; round++)
            {
                var prompt = round * (Options.RequestLength + Options.OutputLength) + Options.RequestLength;
                cached += Math.Min(known, prompt - 1) / PageSizeTokens * PageSizeTokens;
                prompts += prompt;
                known = prompt + Options.OutputLength - 1;
            }

            return (double)cached / prompts;
        }
    }

    public Figures Ttft => Figures.Of(Answers.Select(static answer => answer.TtftSeconds));

    public Figures Latency => Figures.Of(Answers.Select(static answer => answer.LatencySeconds));

    public Figures Itl => Figures.Of(Answers.SelectMany(static answer => answer.GapSeconds));

    private double Share(Func<Answer, long> part) => PromptTokens == 0 ? 0 : (double)Answers.Sum(part) / PromptTokens;
}

/// <summary>Average and percentiles, the latter as <c>sorted[int(q * n)]</c>.</summary>
internal sealed record Figures(double Average, double Median, double P90, double P99, double Max)
{
    public static Figures Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0
            ? new Figures(0, 0, 0, 0, 0)
            : new Figures(sorted.Average(), At(sorted, 0.5), At(sorted, 0.9), At(sorted, 0.99), sorted[^1]);
    }

    private static double At(double[] sorted, double quantile) => sorted[(int)(quantile * sorted.Length)];
}
