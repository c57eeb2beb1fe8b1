using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>A spec that cannot be taken: all that is wrong with it, at once. Nothing of it was applied.</summary>
public sealed class SpecException(ImmutableArray<SpecError> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>At least one, in the order of the file.</summary>
    public ImmutableArray<SpecError> Errors { get; } = errors;
}

/// <summary>One thing that is wrong, or left out, and where.</summary>
/// <param name="Path">Such as <c>spec.roles[2].dependencies[0]</c>; empty for the text as a whole.</param>
/// <param name="Line">From 1.</param>
public sealed record SpecError(string Path, string Message, int Line)
{
    /// <summary>Name of the file; empty if there was but one text.</summary>
    public string File { get; init; } = "";

    public override string ToString() => $"{(File.Length > 0 ? File + ": " : "")}{(Path.Length > 0 ? Path + ": " : "")}{Message} (line {Line})";
}
