namespace ActorInference.Roles.Gateway;

/// <summary>How failures are called in what is measured.</summary>
public static class GenerationErrors
{
    /// <summary>In a word, such as <c>timed_out</c>.</summary>
    public static string Word(this GenerationError error) => error switch
    {
        GenerationError.InvalidRequest => "invalid_request",
        GenerationError.Overloaded => "overloaded",
        GenerationError.Unavailable => "unavailable",
        GenerationError.TimedOut => "timed_out",
        _ => "internal",
    };
}
