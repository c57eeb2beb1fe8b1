using System.Text;
using ActorInference.Host.Http.OpenAi.Tools;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Host.Tracing;

namespace ActorInference.Host.Http.OpenAi;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
public sealed class ChatEndpoint(ServedModel model, TextGeneration generation, ActiveRequests active, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext http)
    {
        ChatCall call;
        using (var body = await RequestBody.ReadAsync(http))
        using (RequestSpan.Step("tokenize"))
        {
            call = ChatCall.Read(body.Fields, model);
        }

        using var entry = active.Enter(call.Common.Id);
        var updates = generation.RunAllAsync(
            [.. call.Common.Requests.Select(request => request with { Aborted = entry.Aborted })], http.RequestAborted);
        var created = clock.GetUtcNow().ToUnixTimeSeconds();
        if (call.Common.Stream) await StreamAsync(http, call, updates, created);
        else await AnswerAsync(http, call, updates, created);
    }

    private async Task StreamAsync(HttpContext http, ChatCall call, IAsyncEnumerable<TextUpdate> updates, long created)
    {
        using var events = new SseStream(http);
        var writer = new ChatStream(events, call, model, created);
        await events.SendAsync(updates, writer.Write, writer.End,
            error => events.Write(OpenAiErrorBody.Of(error), ApiJson.Readable.OpenAiErrorBody));
    }

    private async Task AnswerAsync(HttpContext http, ChatCall call, IAsyncEnumerable<TextUpdate> updates, long created)
    {
        var usage = new UsageMeter(call.Common.PromptTokens, call.Common.AnswersPerPrompt);
        var texts = Array.ConvertAll(new StringBuilder[call.Common.Requests.Length], _ => new StringBuilder());
        var logprobs = Array.ConvertAll(new List<ChatTokenLogprob>[texts.Length], _ => new List<ChatTokenLogprob>());
        var choices = new ChatChoice[texts.Length];
        var readers = Array.ConvertAll(texts, _ => call.CreateReader());
        await foreach (var update in updates.WithCancellation(http.RequestAborted))
        {
            var index = update.Choice;
            usage.Add(update);
            texts[index].Append(readers[index] is { } reader ? reader.Add(update.Text) : update.Text);
            if (update is { HasToken: true, Logprob: { } logprob }) logprobs[index].Add(TokenTexts.Chat(model.Tokenizer, update.TokenId, logprob));
            if (update.Finish is not { } finish) continue;
            var list = call.WithLogprobs ? new ChatLogprobs(logprobs[index]) : null;
            choices[index] = Choice(index, texts[index].Append(readers[index]?.End()).ToString(), readers[index]?.Calls ?? [], list, finish);
        }

        var answer = new ChatCompletion(call.Common.Id, "chat.completion", created, model.Name, choices, usage.Total());
        await http.Response.WriteAsJsonAsync(answer, ApiJson.Readable.ChatCompletion, cancellationToken: http.RequestAborted);
    }

    private static ChatChoice Choice(int index, string text, IReadOnlyList<ToolCall> calls, ChatLogprobs? logprobs, TextFinish finish)
    {
        var message = new ChatAnswer("assistant", text.Length == 0 && calls.Count > 0 ? null : text)
        {
            ToolCalls = calls.Count == 0 ? null : [.. calls.Select(static call => ChatToolCall.Of(call, isStreamed: false))],
        };
        return new ChatChoice(index, message, logprobs, FinishReasons.Word(finish.Reason, calls.Count > 0)) { MatchedStop = FinishReasons.Matched(finish) };
    }
}

/// <summary>
/// The events of one streamed chat: for each choice the role, a delta a token (unless it is empty), the finish reason;
/// then, if asked for, usage, which is null in the others. Where tools may be called, text that may be a call waits until it is known to be one or not, and each call comes whole.
/// </summary>
internal sealed class ChatStream
{
    private readonly SseStream _events;
    private readonly ChatCall _call;
    private readonly ServedModel _model;
    private readonly UsageMeter _usage;
    private readonly ChatChunkChoice _choice = new();
    private readonly ChatChunk _chunk;
    private readonly bool[] _begun;
    private readonly ToolCallReader?[] _readers;
    private readonly int[] _told;

    public ChatStream(SseStream events, ChatCall call, ServedModel model, long created)
    {
        (_events, _call, _model) = (events, call, model);
        _usage = new UsageMeter(call.Common.PromptTokens, call.Common.AnswersPerPrompt);
        _chunk = new ChatChunk { Id = call.Common.Id, Created = created, Model = model.Name, Choices = [_choice], Usage = call.Common.IncludeUsage ? StreamUsage.Later : null };
        _begun = new bool[call.Common.Requests.Length];
        _readers = Array.ConvertAll(_begun, _ => call.CreateReader());
        _told = new int[_begun.Length];
    }

    public void Write(TextUpdate update)
    {
        _usage.Add(update);
        if (!_begun[update.Choice])
        {
            _begun[update.Choice] = true;
            Write(update.Choice, role: "assistant", content: "");
        }

        var logprobs = _call.WithLogprobs && update is { HasToken: true, Logprob: { } logprob }
            ? new ChatLogprobs([TokenTexts.Chat(_model.Tokenizer, update.TokenId, logprob)])
            : null;
        var text = _readers[update.Choice] is { } reader ? reader.Add(update.Text) + (update.Finish is null ? "" : reader.End()) : update.Text;
        if (text.Length > 0 || logprobs is not null) Write(update.Choice, content: text, logprobs: logprobs);
        WriteCalls(update.Choice);
        if (update.Finish is { } finish) Write(update.Choice, finish: finish);
    }

    private void WriteCalls(int index)
    {
        if (_readers[index] is not { } reader || reader.Calls.Count == _told[index]) return;
        _choice.Delta.ToolCalls = [.. reader.Calls.Skip(_told[index]).Select(static call => ChatToolCall.Of(call, isStreamed: true))];
        _told[index] = reader.Calls.Count;
        Write(index);
        _choice.Delta.ToolCalls = null;
    }

    public void End()
    {
        if (!_call.Common.IncludeUsage) return;
        _chunk.Choices = [];
        _chunk.Usage = new StreamUsage(_usage.Total());
        _events.Write(_chunk, ApiJson.Readable.ChatChunk);
    }

    private void Write(int index, string? role = null, string? content = null, ChatLogprobs? logprobs = null, TextFinish? finish = null)
    {
        _choice.Index = index;
        _choice.Delta.Role = role;
        _choice.Delta.Content = content;
        _choice.Logprobs = logprobs;
        _choice.FinishReason = finish is null ? null : FinishReasons.Word(finish.Reason, _told[index] > 0);
        _choice.MatchedStop = finish is null ? null : FinishReasons.Matched(finish);
        _events.Write(_chunk, ApiJson.Readable.ChatChunk);
    }
}
