using System.Globalization;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Consoles;

/// <summary>The node that a console connects to.</summary>
public readonly record struct ConsoleTarget(string Host, int Port)
{
    public static readonly ConsoleTarget Default = new("127.0.0.1", 9110);

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Takes <c>HOST:PORT</c> or <c>[IPv6]:PORT</c> off the front of the words, if it is there.</summary>
    /// <exception cref="UserErrorException">It is there, with a wrong port.</exception>
    public static (ConsoleTarget Target, IReadOnlyList<string> Command) Split(IReadOnlyList<string> words)
    {
        if (words.Count == 0 || words[0].LastIndexOf(':') is not (> 0 and var colon)) return (Default, words);
        var host = words[0][..colon].Trim('[', ']');
        return ushort.TryParse(words[0].AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? (new ConsoleTarget(host, port), [.. words.Skip(1)])
            : throw new UserErrorException($"'{words[0]}' is no HOST:PORT; expected for instance {Default}.");
    }
}
