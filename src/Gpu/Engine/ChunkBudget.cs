namespace ActorInference.Gpu.Engine;

/// <summary>
/// How many prompt tokens a step takes, so that it lasts about as long as it should on this device: measured, since a
/// chunk that is milliseconds on one machine is seconds on another. At most doubles from one step to the next.
/// </summary>
internal sealed class ChunkBudget
{
    private const int FirstTokens = 64;

    private readonly double _targetSeconds;
    private readonly int _maxTokens;
    private readonly int _minTokens;

    /// <param name="target">Duration of a step; zero stands for no limit.</param>
    /// <param name="maxTokens">Most tokens of a step.</param>
    /// <param name="minTokens">Tokens that a step takes however long it lasts: a page, so that transfer goes on.</param>
    public ChunkBudget(TimeSpan target, int maxTokens, int minTokens)
    {
        _targetSeconds = target.TotalSeconds;
        _maxTokens = maxTokens;
        _minTokens = Math.Min(minTokens, maxTokens);
        Tokens = target > TimeSpan.Zero ? Math.Clamp(FirstTokens, _minTokens, maxTokens) : maxTokens;
    }

    public int Tokens { get; private set; }

    /// <summary>Learns from a step.</summary>
    /// <param name="stepTokens">All its tokens, at least 1.</param>
    public void Observe(int stepTokens, TimeSpan elapsed)
    {
        if (_targetSeconds <= 0) return;
        var wanted = elapsed > TimeSpan.Zero ? stepTokens * _targetSeconds / elapsed.TotalSeconds : _maxTokens;
        // A short chunk says little about a long one, so it may only double.
        var next = Math.Min(wanted, 2.0 * Tokens);
        if (next > Tokens && stepTokens < Tokens) return;
        Tokens = (int)Math.Clamp(next, _minTokens, _maxTokens);
    }
}
