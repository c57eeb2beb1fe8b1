using System.Text.Json;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Host.Tracing;

namespace ActorInference.Host.Http.Sglang;

/// <summary>
/// <c>POST|PUT /generate</c>. A stream has one event a token with everything so far: text, ids, and the counts of prompt and
/// cached tokens, final from the first event on. The finish reason is in the last token's event: clients count events.
/// </summary>
public sealed class GenerateEndpoint(ServedModel model, TextGeneration generation, ActiveRequests active)
{
    public async Task HandleAsync(HttpContext http)
    {
        GenerateCall call;
        using (var body = await RequestBody.ReadAsync(http))
        using (RequestSpan.Step("tokenize"))
        {
            call = GenerateCall.Read(body.Fields, model);
        }

        var entries = new List<ActiveRequest>(call.Ids.Length);
        try
        {
            foreach (var id in call.Ids) entries.Add(active.Enter(id));
            var outputs = call.Requests.Select(request => new GenerateOutput(call, request.Choice, model.Tokenizer)).ToArray();
            var updates = generation.RunAllAsync(
                [.. call.Requests.Select((request, index) => request with { Aborted = entries[index].Aborted })], http.RequestAborted);
            if (call.Stream) await StreamAsync(http, outputs, updates);
            else await AnswerAsync(http, call, outputs, updates);
        }
        finally
        {
            foreach (var entry in entries) entry.Dispose();
        }
    }

    private static async Task StreamAsync(HttpContext http, GenerateOutput[] outputs, IAsyncEnumerable<TextUpdate> updates)
    {
        using var events = new SseStream(http);
        await events.SendAsync(updates, Write, () => { }, error => events.Write(NativeErrorEvent.Of(error), ApiJson.Readable.NativeErrorEvent));

        void Write(TextUpdate update)
        {
            outputs[update.Choice].Add(update);
            outputs[update.Choice].Write(events.Begin());
            events.End();
        }
    }

    private static async Task AnswerAsync(HttpContext http, GenerateCall call, GenerateOutput[] outputs, IAsyncEnumerable<TextUpdate> updates)
    {
        await foreach (var update in updates.WithCancellation(http.RequestAborted)) outputs[update.Choice].Add(update);
        http.Response.ContentType = "application/json; charset=utf-8";
        await using (var json = new Utf8JsonWriter(http.Response.BodyWriter, SseStream.Compact))
        {
            if (call.IsList) json.WriteStartArray();
            foreach (var output in outputs) output.Write(json);
            if (call.IsList) json.WriteEndArray();
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
