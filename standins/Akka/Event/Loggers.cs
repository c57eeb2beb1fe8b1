using Akka.Actor;
using Akka.Dispatch;

namespace Akka.Event;

/// <summary>A logger that needs no actor, so that it works before and after there are any.</summary>
public abstract class MinimalLogger : MinimalActorRef
{
    private readonly ActorPath _path = new RootActorPath(new Address("akka", "all-systems"), "/StandardOutLogger") / "logger";

    public override ActorPath Path => _path;

    public override IActorRefProvider Provider => throw new NotSupportedException("A minimal logger has no provider.");

    protected override void TellInternal(object message, IActorRef sender) => Log(message);

    protected abstract void Log(object message);
}

/// <summary>Writes log events to standard output.</summary>
public class StandardOutLogger : MinimalLogger
{
    public static readonly StandardOutLogger Instance = new();

    /// <summary>Colours by level, where standard output is a console.</summary>
    public static bool UseColors { get; set; } = true;

    public static ConsoleColor DebugColor { get; set; } = ConsoleColor.Gray;

    public static ConsoleColor InfoColor { get; set; } = ConsoleColor.White;

    public static ConsoleColor WarningColor { get; set; } = ConsoleColor.Yellow;

    public static ConsoleColor ErrorColor { get; set; } = ConsoleColor.Red;

    internal static void PrintLogEvent(LogEvent logEvent)
    {
        if (!UseColors || Console.IsOutputRedirected)
        {
            Console.WriteLine(logEvent);
            return;
        }

        lock (Instance)
        {
            var before = Console.ForegroundColor;
            Console.ForegroundColor = ColorOf(logEvent.LogLevel());
            Console.WriteLine(logEvent);
            Console.ForegroundColor = before;
        }
    }

    protected override void Log(object message)
    {
        if (message is LogEvent logEvent) PrintLogEvent(logEvent);
        else Console.WriteLine(message);
    }

    private static ConsoleColor ColorOf(LogLevel level) => level switch
    {
        LogLevel.DebugLevel => DebugColor,
        LogLevel.InfoLevel => InfoColor,
        LogLevel.WarningLevel => WarningColor,
        _ => ErrorColor,
    };
}

/// <summary>The logger actor that the reference configuration starts: writes to standard output.</summary>
public class DefaultLogger : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent logEvent:
                Print(logEvent);
                return true;
            default:
                return false;
        }
    }

    protected virtual void Print(LogEvent logEvent) => StandardOutLogger.PrintLogEvent(logEvent);
}

