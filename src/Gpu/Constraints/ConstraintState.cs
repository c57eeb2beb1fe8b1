namespace ActorInference.Gpu.Constraints;

/// <summary>All that matters of a text so far: where in the grammar it may be. Made by a <see cref="ConstraintAutomaton"/>.</summary>
internal sealed class ConstraintState
{
    private ConstraintState?[]? _next;

    internal ConstraintState(StackTop[] tops, bool isComplete) => (Tops, IsComplete) = (tops, isComplete);

    /// <summary>No text begins so.</summary>
    public static ConstraintState Dead { get; } = new([], isComplete: false);

    /// <summary>Whether the text may end here.</summary>
    public bool IsComplete { get; }

    /// <summary>Whether the text can go on.</summary>
    public bool GoesOn => Tops.Length > 0;

    internal StackTop[] Tops { get; }

    /// <summary>Tokens that may come next, a bit each; null before it was asked for.</summary>
    internal ulong[]? Mask { get; set; }

    internal ConstraintState? Next(byte value) => _next?[value];

    internal void SetNext(byte value, ConstraintState next) => (_next ??= new ConstraintState?[256])[value] = next;
}

/// <summary>A state of the network, and below it those to return to.</summary>
internal sealed record StackTop(int Id, int State, StackTop? Below)
{
    public bool Equals(StackTop? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Id;
}
