namespace ActorInference.Gpu.Engine;

/// <summary>One sequence within one <see cref="InferenceEngine"/>; never used twice there. Lower is older.</summary>
public readonly record struct SequenceId(long Value)
{
    public override string ToString() => $"sequence {Value}";
}
