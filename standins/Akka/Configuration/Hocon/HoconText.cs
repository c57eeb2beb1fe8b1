using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>Writes texts so that they read back as the same.</summary>
internal static class HoconText
{
    /// <summary>Characters that mean something outside quotes.</summary>
    public const string Special = "$\"{}[]:=,#`^?!@*&\\";

    public static string Quote(string text) =>
        text.Length > 0 && text != "null" && text.All(IsPlain) ? text : Quoted(text);

    public static string QuoteKey(string key) => key.Length > 0 && key.All(c => IsPlain(c) && c is not ('.' or '+')) ? key : Quoted(key);

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '+';

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' => quoted.Append($"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
