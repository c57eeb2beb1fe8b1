namespace ActorInference.Host.Tracing;

/// <summary>Metadata of an endpoint that generates: its requests are traced.</summary>
/// <param name="Operation">What OpenTelemetry calls it, <c>gen_ai.operation.name</c>.</param>
public sealed record GenerationRoute(string Operation)
{
    public static readonly GenerationRoute Chat = new("chat");

    public static readonly GenerationRoute TextCompletion = new("text_completion");
}
