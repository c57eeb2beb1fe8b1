namespace ActorInference.Actors.Ids;

/// <summary>One worker instance of a role, for instance <c>prefill-0</c>. Kept over a restart in place.</summary>
public readonly record struct WorkerId(string Value)
{
    public override string ToString() => Value;
}
