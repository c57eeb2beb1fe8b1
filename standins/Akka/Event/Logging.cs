using Akka.Actor;

namespace Akka.Event;

/// <summary>Where log lines say they come from.</summary>
public readonly struct LogSource
{
    private LogSource(string source, Type type)
    {
        Source = source;
        Type = type;
    }

    public string Source { get; }

    public Type Type { get; }

    public static LogSource Create(object source) => source switch
    {
        LogSource known => known,
        string text => new LogSource(text, typeof(string)),
        System.Type type => new LogSource(type.FullName, type),
        IActorRef actor => new LogSource(actor.Path.ToString(), actor.GetType()),
        IActorContext context => new LogSource(context.Self.Path.ToString(), context.Props.Type),
        _ => new LogSource(source.ToString(), source.GetType()),
    };

    public static LogSource Create(object source, ActorSystem system)
    {
        var plain = Create(source);
        return source is string or System.Type ? new LogSource($"{plain.Source}({system.Name})", plain.Type) : plain;
    }

    public static LogSource Create(object source, Type type) => new(Create(source).Source, type);
}

/// <summary>Gets loggers.</summary>
public static class Logging
{
    /// <summary>A log for an actor; its path is the source.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context, ILogMessageFormatter logMessageFormatter = null)
    {
        var source = LogSource.Create(context);
        return new BusLogging(context.System.EventStream, source.Source, source.Type, logMessageFormatter ?? context.System.Settings.LogFormatter);
    }

    public static ILoggingAdapter GetLogger(ActorSystem system, object logSourceObj, ILogMessageFormatter logMessageFormatter = null)
    {
        var source = LogSource.Create(logSourceObj, system);
        return new BusLogging(system.EventStream, source.Source, source.Type, logMessageFormatter ?? system.Settings.LogFormatter);
    }

    public static ILoggingAdapter GetLogger(LoggingBus loggingBus, object logSourceObj, ILogMessageFormatter logMessageFormatter = null)
    {
        var source = LogSource.Create(logSourceObj);
        return new BusLogging(loggingBus, source.Source, source.Type, logMessageFormatter ?? DefaultLogMessageFormatter.Instance);
    }

    public static ILoggingAdapter GetLogger(LoggingBus loggingBus, string logSource, Type logClass, ILogMessageFormatter logMessageFormatter = null) =>
        new BusLogging(loggingBus, logSource, logClass, logMessageFormatter ?? DefaultLogMessageFormatter.Instance);

    /// <exception cref="ArgumentException">Not a level; the message lists them.</exception>
    public static LogLevel LogLevelFor(string logLevel) => logLevel?.ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.DebugLevel,
        "INFO" => LogLevel.InfoLevel,
        "WARNING" => LogLevel.WarningLevel,
        "ERROR" => LogLevel.ErrorLevel,
        "OFF" => Off,
        _ => throw new ArgumentException($"Unknown LogLevel: \"{logLevel}\". Valid values are: \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\", \"OFF\".", nameof(logLevel)),
    };

    public static string StringFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => "DEBUG",
        LogLevel.InfoLevel => "INFO",
        LogLevel.WarningLevel => "WARNING",
        LogLevel.ErrorLevel => "ERROR",
        _ => "OFF",
    };

    internal static Type ClassFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => typeof(Debug),
        LogLevel.InfoLevel => typeof(Info),
        LogLevel.WarningLevel => typeof(Warning),
        _ => typeof(Error),
    };

    /// <summary>Above every level.</summary>
    private const LogLevel Off = (LogLevel)int.MaxValue;
}
