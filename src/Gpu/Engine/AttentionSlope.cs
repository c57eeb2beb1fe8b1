namespace ActorInference.Gpu.Engine;

/// <summary>
/// What a token of a prompt costs for each token that it attends to: least squares of what prompts added to steps, by their tokens and by what those
/// attended to, with old steps forgotten.
/// </summary>
internal sealed class AttentionSlope
{
    private const double Kept = 1 - 1.0 / 256;

    /// <summary>Steps before the first estimate.</summary>
    private const int Fewest = 16;

    /// <summary>Part of a new estimate that is taken over with a step.</summary>
    private const double Share = 1.0 / 16;

    /// <summary>
    /// With less variation than this part, positions say nothing apart from numbers of tokens: 1 less the square of their correlation.
    /// </summary>
    private const double LeastVariation = 0.01;

    private int _seen;
    private double _tokens2;
    private double _tokensAttended;
    private double _attended2;
    private double _tokensSeconds;
    private double _attendedSeconds;

    /// <summary>At least 0.</summary>
    public double SecondsPerToken { get; private set; }

    /// <summary>Learns from a step with tokens of prompts.</summary>
    /// <param name="added">Seconds that they added.</param>
    /// <returns>By how much <see cref="SecondsPerToken"/> is more now.</returns>
    public double Observe(in StepWork work, double added)
    {
        double tokens = work.PromptTokens, attended = work.Attended;
        _tokens2 = _tokens2 * Kept + tokens * tokens;
        _tokensAttended = _tokensAttended * Kept + tokens * attended;
        _attended2 = _attended2 * Kept + attended * attended;
        _tokensSeconds = _tokensSeconds * Kept + tokens * added;
        _attendedSeconds = _attendedSeconds * Kept + attended * added;
        var determinant = _tokens2 * _attended2 - _tokensAttended * _tokensAttended;
        if (++_seen < Fewest || determinant < LeastVariation * _tokens2 * _attended2) return 0;
        // Neither is less than nothing: attention takes all at most.
        var estimate = Math.Clamp((_tokens2 * _attendedSeconds - _tokensAttended * _tokensSeconds) / determinant, 0, Math.Max(0, _attendedSeconds / _attended2));
        var moved = (estimate - SecondsPerToken) * Share;
        SecondsPerToken += moved;
        return moved;
    }
}
