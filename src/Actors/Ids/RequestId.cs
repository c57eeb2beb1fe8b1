namespace ActorInference.Actors.Ids;

/// <summary>One generation, from the gateway's first message to its last. Unique in the cluster.</summary>
public readonly record struct RequestId(string Value)
{
    public static RequestId New() => new(Guid.NewGuid().ToString("n"));

    public override string ToString() => Value;
}
