using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using AkkaLogLevel = Akka.Event.LogLevel;
using HostLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Akka.Hosting.Logging;

/// <summary>Where <see cref="LoggerFactoryLogger"/> writes.</summary>
public class LoggerFactorySetup(ILoggerFactory loggerFactory) : Setup
{
    public ILoggerFactory LoggerFactory { get; } = loggerFactory;
}

/// <summary>Passes the log of an actor system on to the host's, under the category <c>Akka.Actor.ActorSystem</c>.</summary>
public class LoggerFactoryLogger : ActorBase, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly ILogger _log;

    /// <exception cref="ConfigurationException">The system has no <see cref="LoggerFactorySetup"/>.</exception>
    public LoggerFactoryLogger()
    {
        var setup = Context.System.Settings.Setup.Get<LoggerFactorySetup>();
        if (!setup.HasValue)
            throw new ConfigurationException($"{nameof(LoggerFactoryLogger)} needs a {nameof(LoggerFactorySetup)}, and actor system [{Context.System.Name}] has none.");
        _log = setup.Value.LoggerFactory.CreateLogger<ActorSystem>();
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent logEvent:
                Log(logEvent, Self.Path);
                return true;
            default:
                return false;
        }
    }

    protected virtual void Log(LogEvent log, ActorPath path) =>
        _log.Log(Level(log.LogLevel()), log.Cause, "[{LogSource}] {Message}", log.LogSource, log.Message);

    private static HostLogLevel Level(AkkaLogLevel level) => level switch
    {
        AkkaLogLevel.DebugLevel => HostLogLevel.Debug,
        AkkaLogLevel.InfoLevel => HostLogLevel.Information,
        AkkaLogLevel.WarningLevel => HostLogLevel.Warning,
        _ => HostLogLevel.Error,
    };
}
