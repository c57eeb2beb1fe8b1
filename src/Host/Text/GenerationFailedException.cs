using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Text;

/// <summary>The cluster answered a generation with <see cref="GenerationFailed"/>.</summary>
public sealed class GenerationFailedException(GenerationError error, string message) : Exception(message)
{
    public GenerationError Error { get; } = error;
}
