using System.Globalization;

namespace ActorInference.Host.Http;

/// <summary>Turns whatever goes wrong into the error form of the API that was called. No stack trace leaves the process.</summary>
public sealed partial class ApiErrors(RequestDelegate next, ILogger<ApiErrors> logger)
{
    private const int RetryAfterSeconds = 1;

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response.StatusCode >= StatusCodes.Status400BadRequest && !http.Response.HasStarted)
                await WriteAsync(http, ApiError.ForStatus(http.Response.StatusCode, http.Request.Method, http.Request.Path));
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            LogLeft(logger, http.Request.Path);   // Nobody is there to be told.
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, Describe(http, failure));
        }
    }

    /// <summary>What to tell the client of a failure; a fault of ours is logged in full.</summary>
    public static ApiError Describe(HttpContext http, Exception failure)
    {
        var error = ApiError.From(failure);
        if (error is { Status: < 500 }) return error;
        var logger = http.RequestServices.GetRequiredService<ILogger<ApiErrors>>();
        if (error is null) LogFault(logger, failure, http.Request.Method, http.Request.Path);
        else LogFailed(logger, http.Request.Method, http.Request.Path, error.Message);
        return error ?? ApiError.Internal;
    }

    /// <summary>Writes an error as the whole response.</summary>
    public static async Task WriteAsync(HttpContext http, ApiError error)
    {
        http.Response.Clear();
        http.Response.StatusCode = error.Status;
        if (error.Retryable) http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        if (http.Request.Path.StartsWithSegments("/v1"))
            await http.Response.WriteAsJsonAsync(OpenAiErrorBody.Of(error), ApiJson.Readable.OpenAiErrorBody, cancellationToken: http.RequestAborted);
        else
            await http.Response.WriteAsJsonAsync(NativeErrorBody.Of(error), ApiJson.Readable.NativeErrorBody, cancellationToken: http.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void LogFault(ILogger logger, Exception failure, string method, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string method, string path, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The client of {Path} left")]
    private static partial void LogLeft(ILogger logger, string path);
}
