using System.Text.Json;

namespace ActorInference.Host.Http;

/// <summary>A request's JSON object. Fields read from it are valid until it is disposed.</summary>
public sealed class RequestBody : IDisposable
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    private readonly JsonDocument _document;

    private RequestBody(JsonDocument document, JsonFields fields)
    {
        _document = document;
        Fields = fields;
    }

    public JsonFields Fields { get; }

    /// <summary>Reads the body, whatever its content type says.</summary>
    /// <exception cref="ApiException">It is not a JSON object.</exception>
    /// <exception cref="BadHttpRequestException">It is too large.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext http)
    {
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(http.Request.Body, Strict, http.RequestAborted);
        }
        catch (JsonException cause)
        {
            throw new ApiException(ApiError.BadRequest($"The body is not valid JSON: {Describe(cause)}", code: "invalid_json"), cause);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object) return new RequestBody(document, new JsonFields(document.RootElement));
        var shown = JsonFields.Show(document.RootElement);
        document.Dispose();
        throw new ApiException(ApiError.BadRequest($"The body is {shown}; expected a JSON object.", code: "invalid_json"));
    }

    public void Dispose() => _document.Dispose();

    /// <summary>The parser's words, without the position that it repeats in its own terms.</summary>
    private static string Describe(JsonException cause)
    {
        var end = cause.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var reason = end < 0 ? cause.Message : cause.Message[..end];
        return cause.LineNumber is { } line ? $"line {line + 1}, byte {cause.BytePositionInLine + 1}: {reason}" : reason;
    }
}
