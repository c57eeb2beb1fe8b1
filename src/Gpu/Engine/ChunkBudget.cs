namespace ActorInference.Gpu.Engine;

/// <summary>
/// How many prompt tokens a step takes, so that it lasts about as long as it should on this device: measured, since a
/// chunk that is milliseconds on one machine is seconds on another. At most doubles from one step to the next.
/// </summary>
/// <remarks>
/// Beside sequences that decode, the measure is what a step of theirs takes alone: whoever waits for their next token is not to
/// notice more than a stretch of it, and that in 99 of a hundred steps. So what a step is foretold to take (<see cref="StepCost"/>) leaves room for
/// what the longest took beyond that lately (<see cref="Overruns"/>). What decode takes alone is learned from steps without prompts; where there
/// are none, now and then one is made.
/// </remarks>
internal sealed class ChunkBudget
{
    private const int FirstTokens = 64;

    /// <summary>Steps with prompts after which one without shows again what that takes.</summary>
    private const int ProbeSteps = 32;

    /// <summary>The same after steps in a row that took longer than foretold, or shorter, by more than the part after it: the machine has changed.</summary>
    private const int AstraySteps = 6;

    private const double Astray = 0.1;

    /// <summary>
    /// However uneven a machine is, one in so many of the tokens join a step that would by what they take with nobody beside them: pauses are there
    /// then with or without prompts, and these are to come to an end.
    /// </summary>
    private const int LeastPart = 4;

    /// <summary>Part that a new measurement has in what a token takes with nobody beside it; of fewer tokens than these it says little.</summary>
    private const double TokenShare = 0.25;

    private const int TellingTokens = 16;

    private readonly double _targetSeconds;
    private readonly double _stretch;
    private readonly int _maxTokens;
    private readonly int _minTokens;
    private readonly StepCost _cost;
    private readonly Overruns _overruns = new();

    private double _tokenSeconds;
    private int _stepsSinceDecode;
    private int _astray;   // Steps in a row that took longer; below 0 shorter.

    /// <param name="target">Duration of a step; zero stands for no limit.</param>
    /// <param name="stretch">Of a step of decode alone, how long one with prompts may last; 0 for no such limit.</param>
    /// <param name="maxTokens">Most tokens of a step.</param>
    /// <param name="minTokens">Tokens that a step takes however long it lasts, if nobody decodes: a page, so that transfer goes on.</param>
    /// <param name="secondsPerToken">What a token of a prompt takes with nobody beside it, as far as it is known; 0 if it is not.</param>
    public ChunkBudget(TimeSpan target, double stretch, int maxTokens, int minTokens, double secondsPerToken = 0)
    {
        _tokenSeconds = secondsPerToken;
        _targetSeconds = target.TotalSeconds;
        _stretch = target > TimeSpan.Zero ? stretch : 0;
        _maxTokens = maxTokens;
        _minTokens = Math.Min(minTokens, maxTokens);
        _cost = new StepCost(maxTokens);
        Tokens = target > TimeSpan.Zero ? Math.Clamp(FirstTokens, _minTokens, maxTokens) : maxTokens;
    }

    /// <summary>Prompt tokens of a step in which nobody decodes.</summary>
    public int Tokens { get; private set; }

    /// <summary>How many tokens of a prompt may join a step.</summary>
    /// <param name="planned">What is in it already.</param>
    /// <param name="position">Of the first of them in its sequence.</param>
    /// <returns>0 for none. Where there are none of other prompts either, the step will show what decode takes.</returns>
    public int TokensBeside(in StepWork planned, int position)
    {
        if (planned.Decodes == 0 || _stretch <= 0) return Math.Max(0, Tokens - planned.PromptTokens);
        if (!_cost.IsFor(planned.Decodes) || _stepsSinceDecode >= ProbeSteps || Math.Abs(_astray) >= AstraySteps) return 0;
        var most = Math.Min(Tokens, _cost.MostToTry) - planned.PromptTokens;
        if (most <= 0) return 0;
        var fitting = Fitting(planned, position, most, _stretch / _overruns.Factor);
        if (planned.PromptTokens > 0) return fitting;
        return Math.Max(fitting, Math.Clamp(Least(), 1, most));
    }

    /// <summary>Seconds that a step is to take; 0 if that is not known.</summary>
    public double Foretell(in StepWork work) => work.Decodes > 0 && _cost.IsKnown(work) ? _cost.Seconds(work) : 0;

    /// <summary>Learns from a step.</summary>
    public void Observe(in StepWork work, TimeSpan elapsed)
    {
        var seconds = elapsed.TotalSeconds;
        if (_targetSeconds <= 0 || seconds <= 0) return;
        if (work.Decodes == 0 || _stretch <= 0)
        {
            if (work.PromptTokens > 0) ObserveChunk(work, seconds);
            return;
        }

        if (Foretell(work) is > 0 and var foretold) ObserveOverrun(seconds / foretold);
        if (work.PromptTokens == 0)
        {
            _cost.ObserveDecode(work.Decodes, seconds);
            (_stepsSinceDecode, _astray) = (0, 0);
            return;
        }

        _cost.ObserveBeside(work, seconds);
        _stepsSinceDecode++;
    }

    private void ObserveOverrun(double ratio)
    {
        _overruns.Add(ratio);
        if (Math.Abs(ratio - 1) < Astray) _astray = 0;
        else _astray = ratio > 1 ? Math.Max(0, _astray) + 1 : Math.Min(0, _astray) - 1;
    }

    /// <summary>Tokens that join in any case, but 1 at least.</summary>
    private int Least() => _tokenSeconds <= 0 ? 1 : (int)Math.Min(_maxTokens, (_stretch - 1) * _cost.DecodeSeconds / _tokenSeconds / LeastPart);

    /// <summary>The most tokens with which the step is to take no more than so many times what decode takes.</summary>
    private int Fitting(in StepWork planned, int position, int most, double stretch)
    {
        var limit = _cost.DecodeSeconds * stretch;
        var (fits, exceeds) = (0, most + 1);
        while (exceeds - fits > 1)
        {
            var tokens = fits + (exceeds - fits) / 2;
            if (_cost.Seconds(planned.WithPrompt(tokens, position)) <= limit) fits = tokens;
            else exceeds = tokens;
        }

        return fits;
    }

    private void ObserveChunk(in StepWork work, double seconds)
    {
        var stepTokens = work.Decodes + work.PromptTokens;
        if (work.Decodes == 0 && stepTokens >= TellingTokens)
            _tokenSeconds = _tokenSeconds <= 0 ? seconds / stepTokens : _tokenSeconds + (seconds / stepTokens - _tokenSeconds) * TokenShare;
        var wanted = stepTokens * _targetSeconds / seconds;
        // A short chunk says little about a long one, so it may only double.
        var next = Math.Min(wanted, 2.0 * Tokens);
        if (next > Tokens && stepTokens < Tokens) return;
        Tokens = (int)Math.Clamp(next, _minTokens, _maxTokens);
    }
}
