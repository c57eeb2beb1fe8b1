using System.Text;
using System.Text.Json;

namespace ActorInference.Host.Http.OpenAi.Tools;

/// <summary>
/// Finds the calls of tools in an answer as it comes, in the forms that models are trained to write: <c>&lt;tool_call&gt;{"name", "arguments"}&lt;/tool_call&gt;</c> (Qwen, Hermes)
/// anywhere, or an answer that is nothing but such an object, with "arguments" or "parameters", or a list of them (Llama 3, Mistral). What turns out to be no call of a
/// tool that the client has is text like any other.
/// </summary>
/// <param name="names">Of the client's tools.</param>
/// <param name="mayBeSeveral">Whether calls after the first are told.</param>
internal sealed class ToolCallReader(IReadOnlySet<string> names, bool mayBeSeveral)
{
    private const string Open = "<tool_call>";
    private const string Close = "</tool_call>";

    private readonly StringBuilder _held = new();
    private readonly List<ToolCall> _calls = [];
    private bool _hasBegun;
    private bool _isBare;

    /// <summary>All that were found.</summary>
    public IReadOnlyList<ToolCall> Calls => _calls;

    /// <param name="text">What came.</param>
    /// <returns>Text that is certain to be no part of a call.</returns>
    public string Add(string text)
    {
        _held.Append(text);
        if (!_hasBegun && FirstSign() is { } sign)
        {
            _hasBegun = true;
            _isBare = sign is '{' or '[';
        }

        return !_hasBegun || _isBare ? "" : TakeText(isEnd: false);
    }

    /// <summary>Nothing more comes.</summary>
    /// <returns>The rest that was held back and is no call.</returns>
    public string End()
    {
        if (!_isBare) return TakeText(isEnd: true);
        var text = _held.ToString();
        _held.Clear();
        if (Parse(text) is not { Count: > 0 } calls) return text;
        Take(calls);
        return "";
    }

    private char? FirstSign()
    {
        for (var i = 0; i < _held.Length; i++)
        {
            if (!char.IsWhiteSpace(_held[i])) return _held[i];
        }

        return null;
    }

    private string TakeText(bool isEnd)
    {
        var certain = new StringBuilder();
        var held = _held.ToString();
        while (held.IndexOf(Open, StringComparison.Ordinal) is >= 0 and var open)
        {
            var close = held.IndexOf(Close, open, StringComparison.Ordinal);
            if (close < 0 && !isEnd) break;
            var inner = held[(open + Open.Length)..(close < 0 ? held.Length : close)];
            var rest = close < 0 ? "" : held[(close + Close.Length)..];
            if (Parse(inner) is { Count: > 0 } calls)
            {
                certain.Append(held[..open].TrimEnd());
                Take(calls);
                held = rest.TrimStart();
            }
            else
            {
                certain.Append(held[..(held.Length - rest.Length)]);
                held = rest;
            }
        }

        var kept = isEnd ? 0 : held.Length - CertainLength(held);
        certain.Append(held[..(held.Length - kept)]);
        _held.Clear().Append(held[(held.Length - kept)..]);
        return certain.ToString();
    }

    /// <summary>Up to an opening tag, or what may become one, and the space before it.</summary>
    private static int CertainLength(string held)
    {
        var end = held.IndexOf(Open, StringComparison.Ordinal);
        if (end < 0)
        {
            end = held.Length;
            for (var length = Math.Min(Open.Length - 1, held.Length); length > 0 && end == held.Length; length--)
            {
                if (held.EndsWith(Open[..length], StringComparison.Ordinal)) end = held.Length - length;
            }
        }

        while (end > 0 && char.IsWhiteSpace(held[end - 1])) end--;
        return end;
    }

    private void Take(List<ToolCall> calls)
    {
        foreach (var call in calls)
        {
            if (mayBeSeveral || _calls.Count == 0) _calls.Add(call with { Index = _calls.Count });
        }
    }

    /// <returns>Null unless all of it is calls.</returns>
    private List<ToolCall>? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object) return Call(root) is { } only ? [only] : null;
            if (root.ValueKind != JsonValueKind.Array) return null;
            var calls = root.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? Call(item) : null).OfType<ToolCall>().ToList();
            return calls.Count == root.GetArrayLength() ? calls : null;
        }
        catch (JsonException)
        {
            return null;   // Text, then: what a model writes is not always what it meant to.
        }
    }

    private ToolCall? Call(JsonElement call)
    {
        if (!call.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String || !names.Contains(name.GetString()!)) return null;
        if (!call.TryGetProperty("arguments", out var arguments) && !call.TryGetProperty("parameters", out arguments)) return new ToolCall(name.GetString()!, "{}");
        return arguments.ValueKind switch
        {
            JsonValueKind.Object => new ToolCall(name.GetString()!, arguments.GetRawText()),
            JsonValueKind.String => new ToolCall(name.GetString()!, arguments.GetString()!),
            JsonValueKind.Null => new ToolCall(name.GetString()!, "{}"),
            _ => null,
        };
    }
}
