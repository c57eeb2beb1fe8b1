namespace ActorInference.Gpu.Sampling;

/// <summary>A token that may be chosen, with its weight or logit. Ordered by weight; of equals the lower id is the better.</summary>
internal readonly record struct Candidate(float Weight, int Token)
{
    /// <summary>Worse than every other.</summary>
    public static readonly Candidate Worst = new(float.NegativeInfinity, int.MaxValue);

    public bool IsBetterThan(Candidate other) => Weight > other.Weight || (Weight == other.Weight && Token < other.Token);
}
