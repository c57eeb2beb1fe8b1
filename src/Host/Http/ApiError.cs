using ActorInference.Gpu.ChatTemplates;
using ActorInference.Host.Text;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Http;

/// <summary>What a client is told when its request fails.</summary>
/// <param name="Status">HTTP status, 4xx or 5xx.</param>
/// <param name="Message">One line for a person.</param>
/// <param name="Type">OpenAI's class of the error.</param>
/// <param name="Param">The offending field, if there is one.</param>
/// <param name="Code">OpenAI's word for the error, if it has one.</param>
public sealed record ApiError(int Status, string Message, string Type, string? Param = null, string? Code = null)
{
    private const string InvalidRequest = "invalid_request_error";
    private const string ServerError = "server_error";

    /// <summary>Whether the same request may succeed later.</summary>
    public bool Retryable => Status is StatusCodes.Status429TooManyRequests
        or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout;

    public static ApiError BadRequest(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, InvalidRequest, param, code);

    public static ApiError NotFound(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status404NotFound, message, InvalidRequest, param, code);

    public static ApiError Unavailable(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, message, ServerError, Code: "unavailable");

    /// <summary>The error for a status that has no body of its own.</summary>
    public static ApiError ForStatus(int status, string method, PathString path) => status switch
    {
        StatusCodes.Status404NotFound => NotFound($"There is no {path} here.", code: "unknown_url"),
        StatusCodes.Status405MethodNotAllowed =>
            new(status, $"{path} does not take {method}.", InvalidRequest, Code: "method_not_allowed"),
        < 500 => new(status, $"{method} {path} failed with status {status}.", InvalidRequest),
        _ => new(status, $"{method} {path} failed with status {status}.", ServerError),
    };

    /// <summary>The error for an exception, or null if it is a fault of ours that the client should learn nothing of.</summary>
    public static ApiError? From(Exception exception) => exception switch
    {
        ApiException api => api.Error,
        GenerationFailedException failed => From(failed),
        ChatTemplateException template => BadRequest($"The model's chat template rejects the messages: {template.Message}", "messages"),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } bad => new(
            bad.StatusCode, $"The body is too large; expected at most {HttpLimits.MaxBodyBytes} bytes.", InvalidRequest, Code: "body_too_large"),
        BadHttpRequestException bad => new(bad.StatusCode, bad.Message, InvalidRequest),
        _ => null,
    };

    /// <summary>A fault of ours.</summary>
    public static ApiError Internal { get; } = new(
        StatusCodes.Status500InternalServerError, "The server failed; its log says why.", ServerError, Code: "internal_error");

    private static ApiError From(GenerationFailedException failed) => failed.Error switch
    {
        GenerationError.InvalidRequest => BadRequest(failed.Message),
        GenerationError.Overloaded =>
            new(StatusCodes.Status429TooManyRequests, failed.Message, "rate_limit_error", Code: "overloaded"),
        GenerationError.Unavailable => Unavailable(failed.Message),
        GenerationError.TimedOut => new(StatusCodes.Status504GatewayTimeout, failed.Message, ServerError, Code: "timeout"),
        _ => new(StatusCodes.Status500InternalServerError, failed.Message, ServerError, Code: "internal_error"),
    };
}

/// <summary>Ends a request with an error for its client.</summary>
public sealed class ApiException(ApiError error, Exception? cause = null) : Exception(error.Message, cause)
{
    public ApiError Error { get; } = error;

    /// <summary>A field of the request is wrong.</summary>
    /// <param name="param">The field, with its way from the root.</param>
    /// <param name="value">What it is, shortened if long.</param>
    /// <param name="expected">What it should be.</param>
    public static ApiException Field(string param, string value, string expected) =>
        new(ApiError.BadRequest($"{param} is {value}; expected {expected}.", param));

    /// <summary>A field asks for something that this server does not do.</summary>
    public static ApiException Unsupported(string param, string what) =>
        new(ApiError.BadRequest($"{param}: {what} is not supported.", param, "unsupported"));
}
