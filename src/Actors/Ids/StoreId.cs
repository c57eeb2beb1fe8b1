namespace ActorInference.Actors.Ids;

/// <summary>One cache store, for instance <c>store-0@10.0.0.7:4053</c>. Kept over its restarts, for its disk's sake.</summary>
public readonly record struct StoreId(string Value)
{
    public override string ToString() => Value;
}
