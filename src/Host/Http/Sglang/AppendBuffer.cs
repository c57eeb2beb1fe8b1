using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace ActorInference.Host.Http.Sglang;

/// <summary>JSON that grows at its end, so that a cumulative answer is copied and not formatted anew for each token.</summary>
public sealed class AppendBuffer
{
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Append(byte value)
    {
        Reserve(1)[0] = value;
        Length++;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    public void Append(int number)
    {
        number.TryFormat(Reserve(11), out var written);
        Length += written;
    }

    /// <param name="number">Finite.</param>
    public void Append(float number)
    {
        number.TryFormat(Reserve(32), out var written, default, CultureInfo.InvariantCulture);
        Length += written;
    }

    /// <summary>Appends text escaped for the inside of a JSON string.</summary>
    /// <param name="text">Well-formed: no half surrogate pair at its ends.</param>
    public void AppendEscaped(string text)
    {
        const int WorstEscape = 6;   // \u0000
        var plain = Encoding.UTF8.GetByteCount(text);
        var room = Reserve(plain * (1 + WorstEscape));
        var source = room[..plain];
        Encoding.UTF8.GetBytes(text, source);
        var target = room[plain..];
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(source, target, out _, out var written);
        target[..written].CopyTo(room);
        Length += written;
    }

    /// <summary>Takes back the end.</summary>
    public void Truncate(int length) => Length = Math.Min(Length, length);

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        return _bytes.AsSpan(Length);
    }
}
