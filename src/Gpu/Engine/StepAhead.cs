namespace ActorInference.Gpu.Engine;

/// <summary>
/// The step after the one whose tokens are waited for, launched before they are known: the device goes on while the host reads, tells and
/// plans. Only where it is certain what comes next, unless a sequence ends, whose part in it is then lost.
/// </summary>
internal sealed class StepAhead(ISamplingRunner? runner, Schedule schedule)
{
    private readonly List<Sequence> _sequences = [];
    private ForwardBatch _batch = new();

    /// <summary>Whether a step is under way that nobody has taken.</summary>
    public bool IsLaunched { get; private set; }

    /// <summary>Steps that were launched so.</summary>
    public long LaunchedCount { get; private set; }

    /// <summary>Makes the step that is under way the present one.</summary>
    /// <param name="batch">Exchanged for its.</param>
    /// <param name="step">Filled with its sequences, those that have ended since among them.</param>
    /// <returns>False if none is under way.</returns>
    public bool TryTake(ref ForwardBatch batch, List<Sequence> step)
    {
        if (!IsLaunched) return false;
        IsLaunched = false;
        if (_sequences.TrueForAll(static sequence => sequence.HasEnded))
        {
            runner!.Wait();
            return false;
        }

        (batch, _batch) = (_batch, batch);
        step.Clear();
        foreach (var sequence in _sequences)
        {
            if (!sequence.HasEnded) sequence.PlannedCount = 1;
            step.Add(sequence);
        }

        return true;
    }

    /// <summary>Launches the step after the present one, which is under way, if all of its tokens are chosen by the runner.</summary>
    public void Launch(List<Sequence> step)
    {
        if (runner is null || schedule.MayAdmit || !Foresee(step)) return;
        _batch.Clear();
        _sequences.Clear();
        for (var i = 0; i < step.Count; i++)
        {
            var sequence = step[i];
            if (sequence.HasEnded || sequence.TokenCount + 1 >= sequence.MaxTokens) continue;
            var index = _batch.AddNext(i, sequence.ComputedCount + 1, sequence.Pages);
            _batch.LetChoose(index, sequence.Sampler.Choice(ahead: 1)!.Value);
            _sequences.Add(sequence);
        }

        if (_sequences.Count == 0) return;
        runner.Launch(_batch);
        IsLaunched = true;
        LaunchedCount++;
    }

    /// <summary>Forgets what is under way, once it uses no pages any more.</summary>
    public void Drop()
    {
        runner?.Discard();
        IsLaunched = false;
    }

    /// <returns>Whether the next step is the present one's sequences with a token each, for which they have pages now.</returns>
    private bool Foresee(List<Sequence> step)
    {
        var live = 0;
        foreach (var sequence in step)
        {
            if (sequence.HasEnded) continue;
            live++;
            if (sequence is not { PlannedCount: 1, PendingCount: 1, DraftCount: 0, Load: null, Mode: not SequenceMode.Prefill, Options.PromptLookupTokens: 0 }) return false;
            if (sequence.Sampler.Choice(ahead: 0) is null) return false;
        }

        if (live == 0 || live != schedule.Running.Count) return false;
        foreach (var sequence in step)
        {
            if (!sequence.HasEnded && sequence.TokenCount + 1 < sequence.MaxTokens && !schedule.TryFit(sequence, 2)) return false;
        }

        return true;
    }
}
