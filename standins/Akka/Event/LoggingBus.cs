using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Util;

namespace Akka.Event;

/// <summary>The bus that log events travel on, and the loggers that write them down.</summary>
public abstract class LoggingBus
{
    private static readonly LogLevel[] AllLogLevels = Enum.GetValues<LogLevel>();

    private readonly List<IActorRef> _loggers = [];
    private MinimalLogger _stdout;
    private int _loggerNumber;

    /// <summary>The least level that anybody wants to see.</summary>
    public LogLevel LogLevel { get; private set; }

    public abstract bool Subscribe(IActorRef subscriber, Type channel);

    public abstract bool Unsubscribe(IActorRef subscriber, Type channel);

    public abstract bool Unsubscribe(IActorRef subscriber);

    public abstract void Publish(object @event);

    public void SetLogLevel(LogLevel logLevel)
    {
        LogLevel = logLevel;
        foreach (var level in AllLogLevels)
        {
            foreach (var logger in _loggers)
            {
                if (level < logLevel) Unsubscribe(logger, level.ClassFor());
                else Subscribe(logger, level.ClassFor());
            }
        }
    }

    /// <summary>Writes to standard output until the loggers of the configuration have started.</summary>
    public void StartStdoutLogger(Settings config)
    {
        _stdout = config.StdoutLogger;
        SetUpStdout(config);
        Publish(new Debug(SimpleName(this), GetType(), $"{SimpleName(_stdout)} started"));
    }

    internal void StartDefaultLoggers(ExtendedActorSystem system)
    {
        var settings = system.Settings;
        var level = Logging.LogLevelFor(settings.LogLevel);
        var stdoutToo = false;
        foreach (var name in settings.Loggers)
        {
            var type = Type.GetType(name)
                ?? throw new ConfigurationException($"akka.loggers names [{name}], which is no type that can be loaded.");
            if (typeof(MinimalLogger).IsAssignableFrom(type)) stdoutToo = true;
            else AddLogger(system, type, level, settings);
        }

        LogLevel = level;
        if (!stdoutToo)
        {
            Publish(new Debug(SimpleName(this), GetType(), $"{SimpleName(_stdout)} being removed"));
            Unsubscribe(_stdout);
        }

        if (system.Settings.DebugUnhandledMessage)
            Subscribe(system.SystemActorOf(Props.Create(() => new UnhandledMessageForwarder()), "UnhandledMessageForwarder"), typeof(UnhandledMessage));
        Publish(new Debug(SimpleName(this), GetType(), "Default Loggers started"));
    }

    /// <summary>Back to standard output, for what is said while the system ends.</summary>
    internal void StopDefaultLoggers(ActorSystem system)
    {
        if (system.Settings.StdoutLogLevel != "OFF") SetUpStdout(system.Settings);
        foreach (var logger in _loggers.Where(logger => logger is not MinimalLogger).ToList())
        {
            Unsubscribe(logger);
            _loggers.Remove(logger);
            if (logger is IInternalActorRef running) running.Stop();
        }
    }

    private protected static string SimpleName(object source) => source.GetType().Name;

    private void SetUpStdout(Settings config)
    {
        if (config.StdoutLogLevel.Equals("OFF", StringComparison.OrdinalIgnoreCase))
        {
            LogLevel = Logging.LogLevelFor(config.LogLevel);
            return;
        }

        var level = Logging.LogLevelFor(config.StdoutLogLevel);
        foreach (var each in AllLogLevels.Where(each => each >= level)) Subscribe(_stdout, each.ClassFor());
        LogLevel = level;
    }

    private void AddLogger(ExtendedActorSystem system, Type type, LogLevel level, Settings settings)
    {
        var name = $"log{Interlocked.Increment(ref _loggerNumber)}-{type.Name}";
        var dispatcher = string.IsNullOrEmpty(settings.LoggersDispatcher) ? Dispatchers.DefaultDispatcherId : settings.LoggersDispatcher;
        var props = Props.Create(type).WithDispatcher(dispatcher).WithDeploy(new Deploy(scope: Deploy.Local.Scope));
        var logger = system.SystemActorOf(props.WithDispatcher(dispatcher), name);
        try
        {
            var started = logger.Ask(new InitializeLogger(this), settings.LoggerStartTimeout);
            if (!settings.LoggerAsyncStart && started.GetAwaiter().GetResult() is not LoggerInitialized)
                throw new LoggerInitializationException($"Logger {name} did not answer with LoggerInitialized.");
        }
        catch (AskTimeoutException e)
        {
            throw new LoggerInitializationException(
                $"Logger [{type.TypeQualifiedName()}] did not start within akka.logger-startup-timeout, {settings.LoggerStartTimeout}.", e);
        }

        _loggers.Add(logger);
        foreach (var each in AllLogLevels.Where(each => each >= level)) Subscribe(logger, each.ClassFor());
        Publish(new Debug(SimpleName(this), GetType(), $"Logger {name} [{type.Name}] started"));
    }
}

/// <summary>Asks a logger to begin; it answers with <see cref="LoggerInitialized"/>.</summary>
public sealed class InitializeLogger(LoggingBus loggingBus) : INoSerializationVerificationNeeded
{
    public LoggingBus LoggingBus { get; } = loggingBus;
}

public sealed class LoggerInitialized : INoSerializationVerificationNeeded;

/// <summary>Logs unhandled messages at debug level.</summary>
internal sealed class UnhandledMessageForwarder : ReceiveActor
{
    public UnhandledMessageForwarder() => Receive<UnhandledMessage>(unhandled => Context.System.EventStream.Publish(
        new Debug(unhandled.Recipient.Path.ToString(), unhandled.Recipient.GetType(), $"Unhandled message from {unhandled.Sender} : {unhandled.Message}")));
}
