using System.Text;

namespace Akka.Util;

/// <summary>Numbers as short strings that are legal in an actor path.</summary>
public static class Base64Encoding
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";

    public static string Base64Encode(this long value) => Append(new StringBuilder("$"), value).ToString();

    internal static string WithPrefix(string prefix, long value) => Append(new StringBuilder(prefix), value).ToString();

    private static StringBuilder Append(StringBuilder text, long value)
    {
        do
        {
            text.Append(Alphabet[(int)(value & 63)]);
            value = (long)((ulong)value >> 6);
        }
        while (value != 0);
        return text;
    }
}
