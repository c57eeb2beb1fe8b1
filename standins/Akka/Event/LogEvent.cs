using System.Globalization;
using Akka.Actor;

namespace Akka.Event;

/// <summary>One line of the log.</summary>
public abstract class LogEvent : INoSerializationVerificationNeeded
{
    protected LogEvent()
    {
        Timestamp = DateTime.UtcNow;
        Thread = Thread.CurrentThread;
    }

    public Exception Cause { get; protected set; }

    public DateTime Timestamp { get; }

    public Thread Thread { get; }

    /// <summary>Who logged it, such as an actor's path.</summary>
    public string LogSource { get; protected set; }

    public Type LogClass { get; protected set; }

    /// <summary>A text, a <see cref="LogMessage"/>, or any object.</summary>
    public object Message { get; protected set; }

    public abstract LogLevel LogLevel();

    public override string ToString()
    {
        var level = LogLevel().ToString().Replace("Level", "", StringComparison.Ordinal).ToUpperInvariant();
        var text = string.Create(
            CultureInfo.InvariantCulture, $"[{level}][{Timestamp:yyyy-MM-dd HH:mm:ss.fffZ}][Thread {Thread.ManagedThreadId:0000}][{LogSource}] {Message}");
        return Cause is null ? text : $"{text}{Environment.NewLine}Cause: {Cause}";
    }
}

public class Debug : LogEvent
{
    public Debug(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Debug(Exception cause, string logSource, Type logClass, object message)
    {
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);
    }

    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

public class Info : LogEvent
{
    public Info(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Info(Exception cause, string logSource, Type logClass, object message)
    {
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);
    }

    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;
}

public class Warning : LogEvent
{
    public Warning(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Warning(Exception cause, string logSource, Type logClass, object message)
    {
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);
    }

    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;
}

public class Error : LogEvent
{
    public Error(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Error(Exception cause, string logSource, Type logClass, object message)
    {
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);
    }

    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;
}
