using System.Text;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Hosting.Logging;
using Microsoft.Extensions.Logging;
using LogLevel = Akka.Event.LogLevel;

namespace Akka.Hosting;

/// <summary>What is logged, and by whom.</summary>
public sealed class LoggerConfigBuilder
{
    private readonly List<Type> _loggers = [typeof(DefaultLogger)];

    internal LoggerConfigBuilder(AkkaConfigurationBuilder builder)
    {
        Builder = builder;
    }

    public LogLevel LogLevel { get; set; } = LogLevel.InfoLevel;

    /// <summary>Whether the whole configuration is logged when the system starts.</summary>
    public bool LogConfigOnStart { get; set; }

    public DeadLetterOptions? DeadLetterOptions { get; set; }

    public DebugOptions? DebugOptions { get; set; }

    public Type LogMessageFormatter { get; set; } = typeof(DefaultLogMessageFormatter);

    internal AkkaConfigurationBuilder Builder { get; }

    public LoggerConfigBuilder ClearLoggers()
    {
        _loggers.Clear();
        return this;
    }

    public LoggerConfigBuilder AddLogger<T>()
        where T : IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
    {
        if (!_loggers.Contains(typeof(T))) _loggers.Add(typeof(T));
        return this;
    }

    public LoggerConfigBuilder WithDefaultLogMessageFormatter<T>()
        where T : ILogMessageFormatter
    {
        LogMessageFormatter = typeof(T);
        return this;
    }

    internal Config ToConfig()
    {
        var hocon = new StringBuilder("akka {\n")
            .Append($"loglevel = {LogLevel.StringFor()}\n")
            .Append($"log-config-on-start = {LogConfigOnStart.ToHocon()}\n")
            .Append($"logger-formatter = {Name(LogMessageFormatter)}\n")
            .Append($"loggers = [{string.Join(", ", _loggers.Select(Name))}]\n");
        DeadLetterOptions?.AppendTo(hocon);
        DebugOptions?.AppendTo(hocon);
        return ConfigurationFactory.ParseString(hocon.Append('}').ToString());
    }

    private static string Name(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}".ToHocon();
}

public static class LoggingExtensions
{
    public static AkkaConfigurationBuilder ConfigureLoggers(this AkkaConfigurationBuilder builder, Action<LoggerConfigBuilder> configurator)
    {
        var loggers = new LoggerConfigBuilder(builder);
        configurator(loggers);
        return builder.AddHocon(loggers.ToConfig(), HoconAddMode.Prepend);
    }

    /// <summary>To standard output.</summary>
    public static LoggerConfigBuilder AddDefaultLogger(this LoggerConfigBuilder configBuilder) => configBuilder.AddLogger<DefaultLogger>();

    /// <summary>To the host's log.</summary>
    public static LoggerConfigBuilder AddLoggerFactory(this LoggerConfigBuilder configBuilder) => configBuilder.AddLogger<LoggerFactoryLogger>();

    public static LoggerConfigBuilder AddLoggerFactory(this LoggerConfigBuilder configBuilder, ILoggerFactory loggerFactory)
    {
        configBuilder.Builder.AddSetup(new LoggerFactorySetup(loggerFactory));
        return configBuilder.AddLoggerFactory();
    }
}
