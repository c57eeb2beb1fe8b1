namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// The printable characters that stand for bytes in byte-level BPE: printable Latin-1 stands for itself, the others are
/// shifted to U+0100 and on. Source: GPT-2's published encoder.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = Build();
    private static readonly Dictionary<char, byte> Bytes = Chars.Select((c, b) => (c, b)).ToDictionary(p => p.c, p => (byte)p.b);

    public static char ToChar(byte value) => Chars[value];

    public static bool TryToByte(char c, out byte value) => Bytes.TryGetValue(c, out value);

    private static char[] Build()
    {
        var chars = new char[256];
        var shifted = 0;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[b] = printable ? (char)b : (char)(256 + shifted++);
        }

        return chars;
    }
}
