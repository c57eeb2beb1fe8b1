using Akka.Actor;
using Akka.Event;

namespace Petabridge.Cmd.Host.Palettes;

/// <summary>Keeps the last lines of the log.</summary>
internal sealed class LogMemory : ReceiveActor
{
    public const int MaxLines = 1000;

    private readonly Queue<LogEvent> _events = new();

    public LogMemory()
    {
        Receive<LogEvent>(Keep);
        Receive<Peek>(peek => Sender.Tell(new CommandResponse(
            _events.Count == 0 ? "(nothing was logged yet)" : string.Join('\n', _events.Skip(_events.Count - peek.Lines)))));
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(LogEvent));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void Keep(LogEvent logged)
    {
        _events.Enqueue(logged);
        if (_events.Count > MaxLines) _events.Dequeue();
    }

    /// <summary>Asks for the last lines, answered as a command's output.</summary>
    public sealed record Peek(int Lines);
}

/// <summary>Sends lines of the log to a console as they come. Ends with the console's interest.</summary>
internal sealed class LogTail : ReceiveActor
{
    private readonly IActorRef _reader;
    private int _left;

    public LogTail(IActorRef reader, LogLevel level, int lines)
    {
        _reader = reader;
        _left = lines;
        Receive<LogEvent>(logged => logged.LogLevel() >= level, Send);
        Receive<LogEvent>(_ => { });
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    protected override void PreStart()
    {
        Context.Watch(_reader);
        Context.System.EventStream.Subscribe(Self, typeof(LogEvent));
        _reader.Tell(new CommandResponse("", final: false));   // A log may be silent for long; this says that it is read.
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void Send(LogEvent logged)
    {
        _left--;
        _reader.Tell(new CommandResponse(logged.ToString(), final: _left == 0));
        if (_left == 0) Context.Stop(Self);
    }
}
