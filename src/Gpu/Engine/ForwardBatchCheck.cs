namespace ActorInference.Gpu.Engine;

/// <summary>Checks a batch against a runner's limits before anything is computed.</summary>
public static class ForwardBatchCheck
{
    /// <param name="batch">Checked.</param>
    /// <param name="runner">Whose limits hold.</param>
    /// <param name="before">Sequences of the step that it may follow; 0 for none.</param>
    /// <exception cref="ArgumentException">Shapes disagree or a limit is exceeded; the message says which sequence.</exception>
    public static void Check(ForwardBatch batch, IModelRunner runner, int before = 0)
    {
        if (batch.Count == 0) throw new ArgumentException("The batch is empty.", nameof(batch));
        if (batch.TokenCount > runner.MaxBatchTokens)
            throw new ArgumentException($"The batch has {batch.TokenCount} tokens; it must have at most {runner.MaxBatchTokens}.", nameof(batch));
        for (var i = 0; i < batch.Count; i++) CheckSequence(batch, i, runner, before);
    }

    private static void CheckSequence(ForwardBatch batch, int index, IModelRunner runner, int before)
    {
        var tokens = batch.Tokens(index);
        var end = batch.FirstPosition(index) + (long)tokens.Length;
        if (end > runner.MaxContextTokens)
            throw Invalid(index, $"reaches {end} tokens; the context holds {runner.MaxContextTokens}");
        var layout = runner.Pages.Layout;
        var pages = batch.Pages(index);
        if (pages.Length < layout.PagesFor((int)end))
            throw Invalid(index, $"has {pages.Length} pages; {end} tokens need {layout.PagesFor((int)end)}");
        foreach (var page in pages)
        {
            if ((uint)page >= (uint)runner.Pages.CapacityPages) throw Invalid(index, $"has page {page}; the pool has {runner.Pages.CapacityPages}");
        }

        foreach (var token in tokens)
        {
            if (token < 0 && ~token < before) continue;
            if (token < 0 && before > 0) throw Invalid(index, $"follows sequence {~token} of the step before, which has {before}");
            if ((uint)token >= (uint)runner.VocabSize) throw Invalid(index, $"has token {token}; the vocabulary has {runner.VocabSize}");
        }
    }

    private static ArgumentException Invalid(int index, string what) => new($"Sequence {index} {what}.", "batch");
}
