using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// A model on one device: runs batches of token chunks over paged KV. The CPU and the CUDA backend implement it.
/// One caller at a time per instance; different instances may share a <see cref="KvPagePool"/>.
/// </summary>
public interface IModelRunner : IDisposable
{
    /// <summary>Entries of one row of logits.</summary>
    int VocabSize { get; }

    /// <summary>Longest sequence, in tokens, that positions and caches allow.</summary>
    int MaxContextTokens { get; }

    /// <summary>Most tokens that one <see cref="Forward"/> takes, over all its sequences.</summary>
    int MaxBatchTokens { get; }

    /// <summary>Where keys and values are written to and read from.</summary>
    KvPagePool Pages { get; }

    /// <summary>
    /// Whether <see cref="Forward"/> calls <see cref="ForwardBatch.AwaitLayer"/> before it reads, or has a device read, the pages of a layer. If not, all layers are
    /// awaited before it.
    /// </summary>
    bool AwaitsLayers => false;

    /// <summary>
    /// Computes all chunks of <paramref name="batch"/>: writes their keys and values into their pages, attends over
    /// everything before them, and keeps the logits of the last tokens of each sequence, as many as it asked for.
    /// </summary>
    /// <exception cref="ArgumentException">Shapes disagree or a limit is exceeded. Nothing was computed.</exception>
    /// <remarks>Allocates nothing once warm. Blocks the calling thread until the result is there.</remarks>
    void Forward(ForwardBatch batch);

    /// <summary>Does some milliseconds of what makes later steps faster, for moments without work. Changes no result.</summary>
    /// <returns>Whether there may be more of it.</returns>
    bool TryPrepare() => false;

    /// <summary>Logits of sequence <paramref name="index"/> of the last <see cref="Forward"/>; valid and writable until the next.
    /// Shape <c>[VocabSize]</c>.</summary>
    /// <param name="index">Of the sequence in the batch.</param>
    /// <param name="nth">Which of its tokens that asked for logits, from 0 for the first of them.</param>
    /// <exception cref="ArgumentOutOfRangeException">That token did not ask for logits.</exception>
    Span<float> Logits(int index, int nth = 0);
}
