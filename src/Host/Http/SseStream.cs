using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http;

/// <summary>
/// One response as server-sent events. Writes straight into the connection's buffer; flushes when nothing more is at hand.
/// The status line leaves with the first event, so that a request refused before it gets a status of its own.
/// </summary>
public sealed class SseStream : IDisposable
{
    public static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly HttpContext _http;
    private readonly Utf8JsonWriter _json;

    public SseStream(HttpContext http)
    {
        _http = http;
        _json = new Utf8JsonWriter(http.Response.BodyWriter, Compact);
    }

    /// <summary>Sends all of <paramref name="updates"/>, then the end mark. A failure after the first becomes an error event.</summary>
    /// <param name="updates">The stream of this request.</param>
    /// <param name="write">Writes the events of one update.</param>
    /// <param name="end">Writes the events after the last update.</param>
    /// <param name="writeError">Writes the error event.</param>
    /// <exception cref="Exception">What made the first update fail; nothing was sent.</exception>
    public async Task SendAsync(IAsyncEnumerable<TextUpdate> updates, Action<TextUpdate> write, Action end, Action<ApiError> writeError)
    {
        await using var source = updates.GetAsyncEnumerator(_http.RequestAborted);
        var any = await source.MoveNextAsync();
        Start();
        try
        {
            while (any)
            {
                write(source.Current);
                var next = source.MoveNextAsync();
                if (!next.IsCompleted) await FlushAsync();
                any = await next;
            }

            end();
        }
        catch (Exception failure) when (!_http.RequestAborted.IsCancellationRequested)
        {
            writeError(ApiErrors.Describe(_http, failure));
        }

        _http.Response.BodyWriter.Write("data: [DONE]\n\n"u8);
        await FlushAsync();
    }

    /// <summary>Writes one event.</summary>
    public void Write<T>(T value, JsonTypeInfo<T> type)
    {
        var json = Begin();
        JsonSerializer.Serialize(json, value, type);
        End();
    }

    /// <summary>Begins an event whose JSON the caller writes; then <see cref="End"/>.</summary>
    public Utf8JsonWriter Begin()
    {
        _http.Response.BodyWriter.Write("data: "u8);
        return _json;
    }

    public void End()
    {
        _json.Flush();
        _json.Reset();
        _http.Response.BodyWriter.Write("\n\n"u8);
    }

    public void Dispose() => _json.Dispose();

    private void Start()
    {
        var headers = _http.Response.Headers;
        _http.Response.ContentType = "text/event-stream; charset=utf-8";
        headers.CacheControl = "no-cache";
        headers["X-Accel-Buffering"] = "no";   // Proxies would hold tokens back.
    }

    /// <summary>Without a token: the enumerator may be busy, and a connection that is gone ends the wait by itself.</summary>
    private async ValueTask FlushAsync() => await _http.Response.BodyWriter.FlushAsync(CancellationToken.None);
}
