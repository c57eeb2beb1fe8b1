namespace ActorInference.Gpu.Ranks;

/// <summary>
/// A rank of a model has ended, or has not answered in time. Its runner computes nothing more; another one, with ranks of its own, can.
/// </summary>
public sealed class RankFailedException(int rank, string message) : Exception(message)
{
    /// <summary>Which rank.</summary>
    public int Rank { get; } = rank;
}
