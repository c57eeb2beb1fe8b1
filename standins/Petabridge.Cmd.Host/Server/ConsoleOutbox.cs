using System.Threading.Channels;
using Petabridge.Cmd.Wire;

namespace Petabridge.Cmd.Host.Server;

/// <summary>
/// What waits to be written to a console, up to a limit. Of a stream that is faster than its reader, lines are left out,
/// and their number is said when there is room again; a console that does not even read the ends of its commands is cut off.
/// </summary>
internal sealed class ConsoleOutbox(Action disconnect)
{
    private const int MaxReplies = 1024;

    /// <summary>Places that only final replies may take.</summary>
    private const int ReservedReplies = 64;

    /// <summary>Longest text of one reply; longer ones are cut at line ends. Well below the frame's limit, however its characters are escaped.</summary>
    private const int MaxTextChars = 256 << 10;

    private readonly Channel<WireReply> _replies = Channel.CreateBounded<WireReply>(new BoundedChannelOptions(MaxReplies) { SingleReader = true });
    private long _leftOut;

    /// <summary>Called by one thread at a time.</summary>
    public void Put(WireReply reply)
    {
        foreach (var part in Split(reply)) PutPart(part);
    }

    public IAsyncEnumerable<WireReply> ReadAllAsync(CancellationToken cancellationToken) => _replies.Reader.ReadAllAsync(cancellationToken);

    private void PutPart(WireReply reply)
    {
        if (!reply.IsFinal && _replies.Reader.Count >= MaxReplies - ReservedReplies)
        {
            _leftOut++;
            return;
        }

        if (_leftOut > 0) reply = reply with { Text = $"... {_leftOut} lines left out: the console reads too slowly\n{reply.Text}" };
        _leftOut = 0;
        if (!_replies.Writer.TryWrite(reply)) disconnect();
    }

    private static IEnumerable<WireReply> Split(WireReply reply)
    {
        var rest = reply.Text;
        while (rest.Length > MaxTextChars)
        {
            var end = rest.LastIndexOf('\n', MaxTextChars - 1);
            var length = end > 0 ? end : char.IsHighSurrogate(rest[MaxTextChars - 1]) ? MaxTextChars - 1 : MaxTextChars;
            yield return new WireReply(reply.Id, rest[..length], false, false);
            rest = rest[(end > 0 ? end + 1 : length)..];
        }

        yield return reply with { Text = rest };
    }
}
