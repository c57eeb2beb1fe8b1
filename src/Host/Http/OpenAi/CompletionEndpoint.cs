using System.Text;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Tokenization;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Host.Tracing;

namespace ActorInference.Host.Http.OpenAi;

/// <summary><c>POST /v1/completions</c>.</summary>
public sealed class CompletionEndpoint(ServedModel model, TextGeneration generation, ActiveRequests active, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext http)
    {
        CompletionCall call;
        using (var body = await RequestBody.ReadAsync(http))
        using (RequestSpan.Step("tokenize"))
        {
            call = CompletionCall.Read(body.Fields, model);
        }

        using var entry = active.Enter(call.Common.Id);
        var updates = generation.RunAllAsync(
            [.. call.Common.Requests.Select(request => request with { Aborted = entry.Aborted })], http.RequestAborted);
        var answer = new Completion { Id = call.Common.Id, Created = clock.GetUtcNow().ToUnixTimeSeconds(), Model = model.Name };
        if (call.Common.Stream) await StreamAsync(http, call, updates, answer);
        else await AnswerAsync(http, call, updates, answer);
    }

    private async Task StreamAsync(HttpContext http, CompletionCall call, IAsyncEnumerable<TextUpdate> updates, Completion chunk)
    {
        using var events = new SseStream(http);
        if (call.Common.IncludeUsage) chunk.Usage = StreamUsage.Later;
        var usage = new UsageMeter(call.Common.PromptTokens, call.Common.AnswersPerPrompt);
        var progress = Array.ConvertAll(new CompletionProgress[call.Common.Requests.Length], _ => new CompletionProgress(call, model.Tokenizer));
        await events.SendAsync(updates, Write, End, error => events.Write(OpenAiErrorBody.Of(error), ApiJson.Readable.OpenAiErrorBody));

        void Write(TextUpdate update)
        {
            usage.Add(update);
            var choice = progress[update.Choice];
            choice.Add(update);
            if (choice.IsWorthSending) chunk.Choices = [choice.Take()];
            else return;
            events.Write(chunk, ApiJson.Readable.Completion);
        }

        void End()
        {
            if (!call.Common.IncludeUsage) return;
            chunk.Choices = [];
            chunk.Usage = new StreamUsage(usage.Total());
            events.Write(chunk, ApiJson.Readable.Completion);
        }
    }

    private async Task AnswerAsync(HttpContext http, CompletionCall call, IAsyncEnumerable<TextUpdate> updates, Completion answer)
    {
        var usage = new UsageMeter(call.Common.PromptTokens, call.Common.AnswersPerPrompt);
        var progress = Array.ConvertAll(new CompletionProgress[call.Common.Requests.Length], _ => new CompletionProgress(call, model.Tokenizer));
        await foreach (var update in updates.WithCancellation(http.RequestAborted))
        {
            usage.Add(update);
            progress[update.Choice].Add(update);
        }

        answer.Choices = Array.ConvertAll(progress, choice => choice.Take());
        answer.Usage = new StreamUsage(usage.Total());
        await http.Response.WriteAsJsonAsync(answer, ApiJson.Readable.Completion, cancellationToken: http.RequestAborted);
    }
}

/// <summary>What one choice has to say since it was last asked.</summary>
internal sealed class CompletionProgress(CompletionCall call, Tokenizer tokenizer)
{
    private readonly StringBuilder _text = new();
    private List<int> _tokenIds = [];
    private CompletionLogprobs? _logprobs;
    private TextFinish? _finish;
    private int _choice;
    private int _textOffset;
    private bool _begun;

    /// <summary>Whether an event of a stream would tell anything.</summary>
    public bool IsWorthSending => _text.Length > 0 || _finish is not null || _logprobs is not null || (call.WithTokenIds && _tokenIds.Count > 0);

    public void Add(in TextUpdate update)
    {
        _choice = update.Choice;
        if (!_begun && call.Echo is not null) _text.Append(call.Echo[_choice / call.Common.AnswersPerPrompt]);
        _begun = true;
        if (update.HasToken)
        {
            _tokenIds.Add(update.TokenId);
            if (update.Logprob is { } logprob) AddLogprob(update.TokenId, logprob);
        }

        _text.Append(update.Text);
        _textOffset += update.Text.Length;
        _finish = update.Finish;
    }

    /// <summary>All of it, as part of an answer.</summary>
    public CompletionChoice Take()
    {
        var taken = new CompletionChoice
        {
            Index = _choice,
            Text = _text.ToString(),
            Logprobs = _logprobs,
            FinishReason = _finish is null ? null : FinishReasons.Word(_finish.Reason),
            MatchedStop = _finish is null ? null : FinishReasons.Matched(_finish),
            TokenIds = call.WithTokenIds ? _tokenIds : null,
        };
        _text.Clear();
        _tokenIds = [];
        _logprobs = null;
        return taken;
    }

    private void AddLogprob(int tokenId, TokenLogprob logprob)
    {
        _logprobs ??= new CompletionLogprobs([], [], call.Logprobs > 0 ? [] : null, []);
        _logprobs.Tokens.Add(TokenTexts.Show(tokenizer, tokenId));
        _logprobs.TokenLogprobs.Add(TokenTexts.Finite(logprob.Logprob));
        _logprobs.TextOffset.Add(_textOffset);
        if (_logprobs.TopLogprobs is null) return;
        var top = new Dictionary<string, float>(logprob.Top.Length);
        foreach (var alternative in logprob.Top) top.TryAdd(TokenTexts.Show(tokenizer, alternative.TokenId), TokenTexts.Finite(alternative.Logprob));
        _logprobs.TopLogprobs.Add(top);
    }
}
