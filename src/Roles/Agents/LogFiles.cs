using System.Text;

namespace ActorInference.Roles.Agents;

/// <summary>The log of an instance: <c>log</c>, which its process appends to, and older ones <c>log.1</c>, <c>log.2</c>.</summary>
public static class LogFiles
{
    private const int Kept = 3;
    private const int TailBytes = 16 << 10;
    private const int TailLines = 30;

    /// <summary>
    /// Copies a log that has grown too long aside and empties it. The process goes on appending to the same file, so what it
    /// writes between the copy and the cut, some microseconds, is lost.
    /// </summary>
    public static void Rotate(string log, long maxBytes)
    {
        if (!File.Exists(log) || new FileInfo(log).Length <= maxBytes) return;
        for (var i = Kept - 1; i >= 1; i--)
        {
            if (File.Exists($"{log}.{i}")) File.Move($"{log}.{i}", $"{log}.{i + 1}", overwrite: true);
        }

        File.Copy(log, $"{log}.1", overwrite: true);
        using var stream = new FileStream(log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.SetLength(0);
    }

    /// <summary>The last lines; empty if there is no log.</summary>
    public static string Tail(string log) => Read(log, null, TailLines).Text;

    /// <summary>A part of a log.</summary>
    /// <param name="log">The file.</param>
    /// <param name="offset">Where to begin; null for the last lines. One beyond the end means that it was cut: then from 0.</param>
    /// <param name="lines">With no offset: how many lines.</param>
    public static LogPart Read(string log, long? offset, int lines)
    {
        if (!File.Exists(log)) return new LogPart("", 0);
        using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = stream.Length;
        var from = offset is { } given ? (given > length ? 0 : given) : Math.Max(0, length - TailBytesFor(lines));
        var bytes = new byte[(int)Math.Min(length - from, 1 << 20)];
        stream.Position = from;
        var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var text = Encoding.UTF8.GetString(bytes, 0, count);
        if (offset is null) text = LastLines(text, lines);
        return new LogPart(text, from + count);
    }

    private static long TailBytesFor(int lines) => Math.Max(TailBytes, Math.Min(lines, 2000) * 512L);

    private static string LastLines(string text, int count)
    {
        var at = text.Length;
        if (at > 0 && text[at - 1] == '\n') at--;
        for (var i = 0; i < count && at > 0; i++) at = text.LastIndexOf('\n', at - 1);
        return at < 0 ? text : at == 0 ? text : text[(at + 1)..];
    }
}

/// <param name="Text">What is there.</param>
/// <param name="NextOffset">Where it goes on.</param>
public sealed record LogPart(string Text, long NextOffset);
