namespace ActorInference.Actors.Ids;

/// <summary>
/// One try to run a generation on one pair of workers. A new one begins when a worker is lost or late; what still comes
/// from an earlier one is told apart by the number.
/// </summary>
/// <param name="Request">The generation.</param>
/// <param name="Number">From 0.</param>
public readonly record struct AttemptId(RequestId Request, int Number)
{
    public AttemptId Next() => this with { Number = Number + 1 };

    public override string ToString() => $"{Request}#{Number}";
}
