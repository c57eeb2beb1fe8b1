using System.Text;

namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// Turns tokens into text as they come. What <see cref="Push"/> and <see cref="Flush"/> return, put together, is the text
/// of all tokens; a character is never returned in halves. One caller at a time.
/// </summary>
public sealed class DetokenizerStream
{
    private readonly Tokenizer _tokenizer;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly bool _skipSpecialTokens;
    private int _spacesToStrip;
    private char[] _chars = new char[64];

    internal DetokenizerStream(Tokenizer tokenizer, bool skipSpecialTokens, int spacesToStrip)
    {
        (_tokenizer, _skipSpecialTokens, _spacesToStrip) = (tokenizer, skipSpecialTokens, spacesToStrip);
    }

    /// <summary>Takes the next token; returns the text that is certain now, empty if a character is still incomplete.</summary>
    public string Push(int id)
    {
        if (_skipSpecialTokens && _tokenizer.IsSpecial(id)) return "";
        return Decode(_tokenizer.TokenBytes(id), flush: false);
    }

    /// <summary>Ends the stream: an incomplete character becomes U+FFFD.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Each pushed byte yields at most one UTF-16 unit, and up to three may be waiting.
        if (_chars.Length < bytes.Length + 4) _chars = new char[bytes.Length * 2 + 4];
        var text = _chars.AsSpan(0, _utf8.GetChars(bytes, _chars, flush));
        while (_spacesToStrip > 0 && text.Length > 0)
        {
            if (text[0] != ' ')
            {
                _spacesToStrip = 0;
                break;
            }

            text = text[1..];
            _spacesToStrip--;
        }

        return text.Length == 0 ? "" : new string(text);
    }
}
