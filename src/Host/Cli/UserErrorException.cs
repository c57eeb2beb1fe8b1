using System.Collections.Immutable;

namespace ActorInference.Host.Cli;

/// <summary>The user asked for something that cannot be done. The lines are what to show; the exit code is 2.</summary>
public sealed class UserErrorException : Exception
{
    public UserErrorException(string message, Exception? cause = null)
        : base(message, cause) => Lines = [message];

    /// <param name="lines">All that is wrong, at least one.</param>
    public UserErrorException(IEnumerable<string> lines)
        : this(lines.ToImmutableArray())
    {
    }

    private UserErrorException(ImmutableArray<string> lines)
        : base(string.Join('\n', lines)) => Lines = lines;

    /// <summary>One for each thing that is wrong.</summary>
    public ImmutableArray<string> Lines { get; }
}
