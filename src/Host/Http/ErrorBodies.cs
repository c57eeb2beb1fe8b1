namespace ActorInference.Host.Http;

/// <summary>OpenAI's error form, as a body and as an event.</summary>
public sealed record OpenAiErrorBody(OpenAiErrorDetail Error)
{
    public static OpenAiErrorBody Of(ApiError error) => new(new OpenAiErrorDetail(error.Message, error.Type, error.Param, error.Code));
}

public sealed record OpenAiErrorDetail(string Message, string Type, string? Param, string? Code);

/// <summary>The form of a whole failed response outside <c>/v1</c>.</summary>
public sealed record NativeErrorBody(NativeErrorDetail Error)
{
    public static NativeErrorBody Of(ApiError error) => new(new NativeErrorDetail(error.Message));
}

public sealed record NativeErrorDetail(string Message);

/// <summary>The form of an error event within a stream of <c>/generate</c>.</summary>
public sealed record NativeErrorEvent(NativeStreamErrorDetail Error)
{
    public static NativeErrorEvent Of(ApiError error) => new(new NativeStreamErrorDetail(error.Message, error.Type, error.Status, error.Retryable));
}

public sealed record NativeStreamErrorDetail(string Message, string Type, int Code, bool Retryable);
