namespace ActorInference.Actors.Kv;

/// <summary>One page pool. Two pools never have the same.</summary>
public readonly record struct KvPoolId(Guid Value)
{
    public static KvPoolId New() => new(Guid.NewGuid());

    public override string ToString() => Value.ToString("n");
}

/// <summary>A page in a pool, as somebody else is told of it.</summary>
/// <param name="Page">Number of the page in its pool.</param>
/// <param name="Generation">Which use of the page is meant; a page that became free meanwhile has another.</param>
public readonly record struct KvPageReference(int Page, int Generation);
