namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>One prompt twice: computed, and with all its pages in the stores alone.</summary>
/// <param name="PromptTokens">Of the prompt.</param>
/// <param name="StorageTokens">Of them, brought from the stores.</param>
/// <param name="ComputedSeconds">To the first token when everything is computed, the least of the repetitions.</param>
/// <param name="HitSeconds">And when the pages come from the stores.</param>
internal sealed record HitResult(int PromptTokens, int StorageTokens, double ComputedSeconds, double HitSeconds)
{
    public double Ratio => HitSeconds / ComputedSeconds;
}

/// <summary>Measures what a full hit of the storage tier costs beside computing the prompt.</summary>
internal sealed class HitBenchmark(GenerateClient client, int promptTokens, int vocabulary, int seed)
{
    /// <summary>For the pages of a prompt to be written behind.</summary>
    private const int MostTries = 60;

    private static readonly TimeSpan WriteCheck = TimeSpan.FromMilliseconds(500);

    private readonly Random _random = new(seed);

    /// <exception cref="InvalidOperationException">The pages never came from the stores.</exception>
    public async Task<HitResult> RunAsync(int repetitions, Action<string> say, CancellationToken cancellationToken)
    {
        await client.WarmUpAsync(cancellationToken);
        var pageSize = await client.PageSizeAsync(cancellationToken);
        var whole = (promptTokens - 1) / pageSize * pageSize;
        var (computed, hit, stored) = (double.MaxValue, double.MaxValue, 0);
        for (var i = 0; i < repetitions; i++)
        {
            int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(_ => _random.Next(1, vocabulary))];
            var cold = await client.GenerateAsync(round: 0, prompt, outputLength: 1, cancellationToken);
            var warm = await HitAsync(prompt, whole, cancellationToken);
            say($"computed {cold.TtftSeconds:0.000} s, {warm.Storage} tokens from the stores {warm.TtftSeconds:0.000} s");
            (computed, hit, stored) = (Math.Min(computed, cold.TtftSeconds), Math.Min(hit, warm.TtftSeconds), warm.Storage);
        }

        return new HitResult(promptTokens, stored, computed, hit);
    }

    private async Task<Answer> HitAsync(int[] prompt, int whole, CancellationToken cancellationToken)
    {
        for (var i = 0; i < MostTries; i++)
        {
            await Task.Delay(WriteCheck, cancellationToken);
            await client.FlushAsync(cancellationToken);
            var answer = await client.GenerateAsync(round: 1, prompt, outputLength: 1, cancellationToken);
            if (answer.Storage >= whole) return answer;
        }

        throw new InvalidOperationException($"The {whole} tokens of the prompt's full pages did not come from the stores within {MostTries} requests.");
    }
}
