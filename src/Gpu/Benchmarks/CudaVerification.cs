using System.Text.Json;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>One case of a model's reference.json.</summary>
/// <param name="Tokens">Of the reference's greedy continuation.</param>
/// <param name="EqualTokens">How many of them the device chose too, by its own sampling and by its logits, before the first that differs.</param>
/// <param name="WorstLogit">How far a logit after the prompt is from the reference's.</param>
public sealed record CudaVerificationResult(int Tokens, int EqualTokens, float WorstLogit);

/// <summary>Compares a model on a CUDA device with the greedy continuations that an independent implementation computed for it.</summary>
public static class CudaVerification
{
    private const int PageSizeTokens = 16;

    private static readonly TokenChoice Greedy = new(Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 0, Draw: 0);

    /// <summary>Name of the file beside the model with the cases.</summary>
    public const string File = "reference.json";

    /// <param name="index">Of the device.</param>
    /// <param name="folder">Of the model and its cases.</param>
    /// <param name="kernelCache">Where compiled kernels are kept; null to keep none.</param>
    /// <param name="overlapLaunches">As <see cref="CudaRunnerOptions.OverlapLaunches"/>.</param>
    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    /// <exception cref="FileNotFoundException">There are no cases.</exception>
    public static IReadOnlyList<CudaVerificationResult> Run(int index, string folder, string? kernelCache, bool overlapLaunches = false)
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(folder, File)));
        using var model = CudaModel.Load(index, folder, kernelCache);
        var layout = model.Layout(PageSizeTokens);
        var pages = layout.PagesFor(model.Config.MaxPositionEmbeddings);
        using var pool = model.CreatePool(layout, pages);
        using var runner = new CudaModelRunner(model.Weights, pool, new CudaRunnerOptions { MaxBatchTokens = Math.Min(512, model.Config.MaxPositionEmbeddings), OverlapLaunches = overlapLaunches });
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(item => Compare(runner, pages, item))];
    }

    private static CudaVerificationResult Compare(CudaModelRunner runner, int pageCount, JsonElement item)
    {
        int[] prompt = Ids(item, "prompt_ids"), expected = Ids(item, "greedy_ids");
        var logits = item.GetProperty("logits_after_prompt").EnumerateArray().Select(logit => logit.GetSingle()).ToArray();
        int[] pages = [.. Enumerable.Range(0, pageCount)];
        var batch = new ForwardBatch();
        batch.LetChoose(batch.Add(prompt, 0, pages, wantLogits: true), Greedy);
        runner.Forward(batch);
        var worst = 0f;
        for (var i = 0; i < logits.Length; i++) worst = Math.Max(worst, Math.Abs(logits[i] - runner.Logits(0)[i]));
        var equal = 0;
        for (; equal < expected.Length && runner.Token(0) == expected[equal] && Largest(runner.Logits(0)) == expected[equal]; equal++)
        {
            batch.Clear();
            batch.LetChoose(batch.Add([expected[equal]], prompt.Length + equal, pages, wantLogits: true), Greedy);
            runner.Forward(batch);
        }

        return new CudaVerificationResult(expected.Length, equal, worst);
    }

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static int Largest(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }

        return best;
    }
}
