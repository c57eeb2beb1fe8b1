using System.Text;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>How log-probabilities show tokens.</summary>
public static class TokenTexts
{
    /// <summary>A chat answer's entry for one token. Bytes that are no character by themselves show as U+FFFD in the text.</summary>
    public static ChatTokenLogprob Chat(Tokenizer tokenizer, int tokenId, TokenLogprob logprob)
    {
        var bytes = tokenizer.TokenBytes(tokenId);
        return new(Encoding.UTF8.GetString(bytes), Finite(logprob.Logprob), AsNumbers(bytes), [.. logprob.Top.Select(Alternative)]);

        ChatTokenAlternative Alternative(TokenAlternative top)
        {
            var topBytes = tokenizer.TokenBytes(top.TokenId);
            return new(Encoding.UTF8.GetString(topBytes), Finite(top.Logprob), AsNumbers(topBytes));
        }
    }

    /// <summary>A token as text; if its bytes are no text by themselves, OpenAI's form <c>bytes:\xe2\x82</c>.</summary>
    public static string Show(Tokenizer tokenizer, int tokenId)
    {
        var bytes = tokenizer.TokenBytes(tokenId);
        var text = Encoding.UTF8.GetString(bytes);
        return text.Contains('\uFFFD') ? "bytes:" + string.Concat(bytes.Select(value => $"\\x{value:x2}")) : text;
    }

    /// <summary>JSON has no infinity; OpenAI's word for "never" is this number.</summary>
    public static float Finite(float logprob) => Math.Max(logprob, -9999);

    /// <summary>OpenAI writes bytes as numbers, not as base64.</summary>
    private static int[] AsNumbers(byte[] bytes) => Array.ConvertAll(bytes, value => (int)value);
}
