using System.Diagnostics;
using System.Text.Json;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Tokenization;
using ActorInference.Host.Http.OpenAi;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http.Sglang;

/// <summary>One answer of <c>/generate</c>. Each time it is written it tells everything so far: that is the API's contract.</summary>
internal sealed class GenerateOutput
{
    private readonly GenerateCall _call;
    private readonly Tokenizer _tokenizer;
    private readonly int _choice;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly AppendBuffer _text = new();
    private readonly AppendBuffer _ids = new();
    private readonly AppendBuffer _logprobs = new();
    private readonly AppendBuffer _topLogprobs = new();
    private TextFinish? _finish;
    private int _cachedTokens;
    private TierTokens _tiers;
    private int _count;

    public GenerateOutput(GenerateCall call, int choice, Tokenizer tokenizer)
    {
        (_call, _choice, _tokenizer) = (call, choice, tokenizer);
        _text.Append((byte)'"');
        _ids.Append((byte)'[');
        _logprobs.Append((byte)'[');
        _topLogprobs.Append((byte)'[');
    }

    public void Add(in TextUpdate update)
    {
        (_cachedTokens, _tiers) = (update.CachedTokens, update.Tiers);
        _finish = update.Finish;
        _text.AppendEscaped(update.Text);
        if (!update.HasToken) return;
        if (update.Logprob is { } logprob) AddLogprob(update.TokenId, logprob);
        if (_count++ > 0) _ids.Append((byte)',');
        _ids.Append(update.TokenId);
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteClosed(json, "text"u8, _text, (byte)'"');
        WriteClosed(json, "output_ids"u8, _ids, (byte)']');
        json.WriteStartObject("meta_info"u8);
        json.WriteString("id"u8, _call.Ids[_choice]);
        WriteFinish(json);
        json.WriteNumber("prompt_tokens"u8, _call.Requests[_choice].PromptIds.Length);
        json.WriteNumber("completion_tokens"u8, _count);
        json.WriteNumber("cached_tokens"u8, _cachedTokens);
        json.WriteStartObject("cached_tokens_details"u8);
        json.WriteNumber("device"u8, _cachedTokens - _tiers.Host - _tiers.Storage);
        json.WriteNumber("host"u8, _tiers.Host);
        json.WriteNumber("storage"u8, _tiers.Storage);
        json.WriteEndObject();
        json.WriteString("weight_version"u8, InfoEndpoints.WeightVersion);
        if (_call.Logprobs.TopCount is { } top)
        {
            json.WriteStartArray("input_token_logprobs"u8);
            json.WriteEndArray();
            WriteClosed(json, "output_token_logprobs"u8, _logprobs, (byte)']');
            if (top > 0) WriteClosed(json, "output_top_logprobs"u8, _topLogprobs, (byte)']');
        }

        if (_finish is not null) json.WriteNumber("e2e_latency"u8, Stopwatch.GetElapsedTime(_started).TotalSeconds);
        json.WriteEndObject();
        if (_call.IsList) json.WriteNumber("index"u8, _choice);
        json.WriteEndObject();
    }

    private void WriteFinish(Utf8JsonWriter json)
    {
        if (_finish is null)
        {
            json.WriteNull("finish_reason"u8);
            return;
        }

        json.WriteStartObject("finish_reason"u8);
        json.WriteString("type"u8, FinishReasons.Word(_finish.Reason));
        if (_finish.MatchedText is not null) json.WriteString("matched"u8, _finish.MatchedText);
        else if (_finish.MatchedTokenId is { } id) json.WriteNumber("matched"u8, id);
        else if (_finish.Reason == FinishReason.Length) json.WriteNumber("length"u8, _call.Requests[_choice].Sampling.MaxNewTokens);
        else if (_finish.Reason == FinishReason.Aborted) json.WriteString("message"u8, "Aborted by request.");
        json.WriteEndObject();
    }

    private static void WriteClosed(Utf8JsonWriter json, ReadOnlySpan<byte> name, AppendBuffer value, byte end)
    {
        var length = value.Length;
        value.Append(end);
        json.WritePropertyName(name);
        json.WriteRawValue(value.Written, skipInputValidation: true);
        value.Truncate(length);
    }

    private void AddLogprob(int tokenId, TokenLogprob logprob)
    {
        if (_count > 0) _logprobs.Append((byte)',');
        AppendEntry(_logprobs, tokenId, logprob.Logprob);
        if (_call.Logprobs.TopCount is not > 0) return;
        _topLogprobs.Append(_count > 0 ? ",["u8 : "["u8);
        for (var i = 0; i < logprob.Top.Length; i++)
        {
            if (i > 0) _topLogprobs.Append((byte)',');
            AppendEntry(_topLogprobs, logprob.Top[i].TokenId, logprob.Top[i].Logprob);
        }

        _topLogprobs.Append((byte)']');
    }

    /// <summary>An entry is <c>[logprob, id, text]</c>.</summary>
    private void AppendEntry(AppendBuffer list, int tokenId, float logprob)
    {
        list.Append((byte)'[');
        list.Append(TokenTexts.Finite(logprob));
        list.Append((byte)',');
        list.Append(tokenId);
        if (_call.Logprobs.WithText)
        {
            list.Append(",\""u8);
            list.AppendEscaped(TokenTexts.Show(_tokenizer, tokenId));
            list.Append("\"]"u8);
        }
        else
        {
            list.Append(",null]"u8);
        }
    }
}
