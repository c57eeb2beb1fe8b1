namespace ActorInference.Gpu.Engine;

/// <summary>
/// How many prompt tokens a step takes, so that it lasts about as long as it should on this device: measured, since a
/// chunk that is milliseconds on one machine is seconds on another. At most doubles from one step to the next.
/// </summary>
/// <remarks>
/// Beside sequences that decode, the measure is what a step of theirs takes alone: whoever waits for their next token is not to
/// notice more than a stretch of it. That is learned from steps without prompts; where there are none, now and then one is made.
/// </remarks>
internal sealed class ChunkBudget
{
    private const int FirstTokens = 64;

    /// <summary>Steps with prompts after which one without shows again what that takes.</summary>
    private const int ProbeSteps = 32;

    /// <summary>Part that a new measurement has in an average.</summary>
    private const double Share = 0.25;

    private readonly double _targetSeconds;
    private readonly double _stretch;
    private readonly int _maxTokens;
    private readonly int _minTokens;

    private double _decodeSeconds;
    private int _decodes;
    private int _stepsSinceDecode;
    private double _tokenSeconds;
    private int _lastBeside;

    /// <param name="target">Duration of a step; zero stands for no limit.</param>
    /// <param name="stretch">Of a step of decode alone, how long one with prompts may last; 0 for no such limit.</param>
    /// <param name="maxTokens">Most tokens of a step.</param>
    /// <param name="minTokens">Tokens that a step takes however long it lasts, if nobody decodes: a page, so that transfer goes on.</param>
    public ChunkBudget(TimeSpan target, double stretch, int maxTokens, int minTokens)
    {
        _targetSeconds = target.TotalSeconds;
        _stretch = target > TimeSpan.Zero ? stretch : 0;
        _maxTokens = maxTokens;
        _minTokens = Math.Min(minTokens, maxTokens);
        Tokens = target > TimeSpan.Zero ? Math.Clamp(FirstTokens, _minTokens, maxTokens) : maxTokens;
    }

    /// <summary>Prompt tokens of a step in which nobody decodes.</summary>
    public int Tokens { get; private set; }

    /// <summary>Prompt tokens beside so many sequences that get their next token in the same step.</summary>
    /// <returns>0 for a step without, which will show what that takes.</returns>
    public int TokensBeside(int decodes)
    {
        if (decodes == 0 || _stretch <= 0) return Tokens;
        var isStale = _stepsSinceDecode >= ProbeSteps || Math.Abs(decodes - _decodes) > _decodes * Share;
        if (_decodeSeconds <= 0 || isStale) return 0;
        // Twice the last one at most: a token's cost is known for chunks of another size only.
        var most = Math.Min(Tokens, Math.Max(1, 2 * _lastBeside));
        return _tokenSeconds <= 0 ? 1 : (int)Math.Clamp((_stretch - 1) * _decodeSeconds / _tokenSeconds, 1, most);
    }

    /// <summary>Learns from a step.</summary>
    /// <param name="decodes">Sequences that got their next token in it.</param>
    /// <param name="promptTokens">Tokens of prompts in it.</param>
    /// <param name="elapsed">What it took.</param>
    public void Observe(int decodes, int promptTokens, TimeSpan elapsed)
    {
        if (_targetSeconds <= 0 || elapsed <= TimeSpan.Zero) return;
        if (promptTokens == 0) ObserveDecode(decodes, elapsed.TotalSeconds);
        else if (decodes > 0 && _stretch > 0) ObserveBeside(promptTokens, elapsed.TotalSeconds);
        else ObserveChunk(decodes + promptTokens, elapsed.TotalSeconds);
    }

    private void ObserveDecode(int decodes, double seconds)
    {
        if (decodes == 0) return;
        var isOther = _decodeSeconds <= 0 || decodes != _decodes;
        // A step that something else held up is not what decode takes: what is less counts for more.
        var change = Math.Min(seconds, 2 * _decodeSeconds) - _decodeSeconds;
        _decodeSeconds = isOther ? seconds : _decodeSeconds + change * (change < 0 ? Share : Share / 4);
        (_decodes, _stepsSinceDecode) = (decodes, 0);
    }

    private void ObserveBeside(int promptTokens, double seconds)
    {
        _stepsSinceDecode++;
        _lastBeside = promptTokens;
        if (_decodeSeconds <= 0) return;
        // The first few tokens may cost next to nothing, but never nothing.
        var each = Math.Max(seconds - _decodeSeconds, _decodeSeconds / 100) / promptTokens;
        _tokenSeconds = _tokenSeconds <= 0 ? each : _tokenSeconds + (each - _tokenSeconds) * Share;
    }

    private void ObserveChunk(int stepTokens, double seconds)
    {
        var wanted = stepTokens * _targetSeconds / seconds;
        // A short chunk says little about a long one, so it may only double.
        var next = Math.Min(wanted, 2.0 * Tokens);
        if (next > Tokens && stepTokens < Tokens) return;
        Tokens = (int)Math.Clamp(next, _minTokens, _maxTokens);
    }
}
