namespace ActorInference.Host.Groups;

/// <summary>A request about groups cannot be done; nothing was.</summary>
/// <param name="errors">At least one; each is a line to show.</param>
public sealed class GroupRefusedException(params IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;

    /// <summary>Whether it is that there is nothing of the name.</summary>
    public bool IsMissing { get; init; }
}
