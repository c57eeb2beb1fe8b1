namespace ActorInference.Gpu.Engine;

/// <summary>
/// What a step with sequences in decode takes, learned from those that were: what decode takes alone, what tokens of prompts add by their
/// number (<see cref="ChunkCosts"/>), and what they add for each token that they attend to (<see cref="AttentionSlope"/>).
/// </summary>
/// <remarks>
/// It is what a step takes that nothing else holds up: a machine that others use too has steps that take many times as long, and what follows from
/// these for the next is another's question (<see cref="Overruns"/>). Allocates nothing after it was made.
/// </remarks>
/// <param name="maxTokens">Most tokens of a step, at least 1.</param>
internal sealed class StepCost(int maxTokens)
{
    /// <summary>Latest steps without prompts whose median is what decode takes.</summary>
    private const int Window = 9;

    /// <summary>By what part more or fewer sequences in decode take about the same.</summary>
    private const double SameDecodes = 0.25;

    /// <summary>Steps count as no longer than so many times what was foretold.</summary>
    private const double MostOverrun = 2;

    /// <summary>An error is believed up to so many times the usual one; the usual one is at least the part after it.</summary>
    private const double UsualErrors = 2, LeastError = 0.02;

    private readonly ChunkCosts _chunks = new(maxTokens);
    private readonly AttentionSlope _attention = new();
    private readonly double[] _latest = new double[Window];
    private int _decodes;
    private int _seen;
    private bool _hadPrompts;
    private double _usualError = LeastError;

    /// <summary>Seconds of a step in which all decode; 0 before the first.</summary>
    public double DecodeSeconds { get; private set; }

    /// <summary>Tokens that may be tried next: some more than ever were.</summary>
    public int MostToTry => _chunks.MostToTry;

    /// <summary>Whether what decode takes was measured with about so many sequences.</summary>
    public bool IsFor(int decodes) => DecodeSeconds > 0 && Math.Abs(decodes - _decodes) <= _decodes * SameDecodes;

    /// <summary>Whether steps like it were measured, so that more than a guess can be expected.</summary>
    public bool IsKnown(in StepWork work) =>
        DecodeSeconds > 0 && (work.PromptTokens == 0 ? work.Decodes == _decodes : _chunks.IsKnown(work.PromptTokens));

    /// <summary>Seconds that a step takes.</summary>
    public double Seconds(in StepWork work) => DecodeSeconds + _chunks.At(work.PromptTokens) + _attention.SecondsPerToken * work.Attended;

    /// <summary>Learns from a step without prompts.</summary>
    public void ObserveDecode(int decodes, double seconds)
    {
        var before = DecodeSeconds;
        var isOther = decodes != _decodes;
        if (isOther)
        {
            if (!IsFor(decodes)) _chunks.Doubt();
            (_decodes, _seen) = (decodes, 0);
        }

        _latest[_seen++ % Window] = seconds;
        DecodeSeconds = Median();
        // Beside prompts, what decode took more or less was counted to their tokens: steps with both are to take what they took.
        if (_hadPrompts && !isOther) _chunks.Lower(DecodeSeconds - before, secondsPerToken: 0);
        _hadPrompts = false;
    }

    /// <summary>Learns from a step with prompts.</summary>
    public void ObserveBeside(in StepWork work, double seconds)
    {
        if (DecodeSeconds <= 0) return;
        _hadPrompts = true;
        var foretold = Seconds(work);
        if (_chunks.IsKnown(1)) seconds = Math.Min(seconds, MostOverrun * foretold);
        var error = UsualErrors * _usualError;
        _usualError = Math.Max(LeastError, _usualError + (Math.Min(Math.Abs(seconds / foretold - 1), error) - _usualError) / 16);
        var added = Math.Min(seconds, foretold * (1 + error)) - DecodeSeconds;
        // What is attention's from now on was the tokens' before, so that a step like this one is to take what it was.
        var moved = _attention.Observe(work, added);
        _chunks.Lower(0, moved * work.Attended / work.PromptTokens);
        _chunks.Learn(work.PromptTokens, seconds - DecodeSeconds - _attention.SecondsPerToken * work.Attended, error * foretold);
    }

    private double Median()
    {
        Span<double> sorted = stackalloc double[Window];
        var count = Math.Min(_seen, Window);
        _latest.AsSpan(0, count).CopyTo(sorted);
        sorted[..count].Sort();
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    }
}
