using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>The engine's own settings, read once from the configuration.</summary>
public class Settings
{
    private readonly Config _userConfig;
    private Config _fallback;

    public Settings(ActorSystem system, Config config)
        : this(system, config, ActorSystemSetup.Empty)
    {
    }

    public Settings(ActorSystem system, Config config, ActorSystemSetup setup)
    {
        Setup = setup;
        System = system;
        _userConfig = config;
        _fallback = ConfigurationFactory.Default();
        RebuildConfig();
        ReadActorSettings();
        ReadLoggingSettings();
        ReadDebugSettings();
        SchedulerClass = Config.GetString("akka.scheduler.implementation");
        CoordinatedShutdownTerminateActorSystem = Config.GetBoolean("akka.coordinated-shutdown.terminate-actor-system");
        CoordinatedShutdownRunByActorSystemTerminate = Config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate");
        if (CoordinatedShutdownRunByActorSystemTerminate && !CoordinatedShutdownTerminateActorSystem)
        {
            throw new ConfigurationException(
                "akka.coordinated-shutdown.run-by-actor-system-terminate=on and akka.coordinated-shutdown.terminate-actor-system=off is not a supported configuration combination.");
        }
    }

    public ActorSystemSetup Setup { get; }

    public ActorSystem System { get; }

    public Config Config { get; private set; }

    public string ConfigVersion { get; private set; }

    public string ProviderClass => ProviderSelectionType.Fqn;

    public bool HasCluster => ProviderSelectionType.HasCluster;

    public ProviderSelection ProviderSelectionType { get; private set; }

    public string SupervisorStrategyClass { get; private set; }

    public string SchedulerClass { get; }

    public bool SerializeAllMessages { get; private set; }

    public bool SerializeAllCreators { get; private set; }

    public TimeSpan CreationTimeout { get; private set; }

    public TimeSpan UnstartedPushTimeout { get; private set; }

    public TimeSpan AskTimeout { get; private set; }

    public int DefaultVirtualNodesFactor { get; private set; }

    public string LogLevel { get; private set; }

    public string StdoutLogLevel { get; private set; }

    public MinimalLogger StdoutLogger { get; private set; }

    public IList<string> Loggers { get; private set; }

    public string LoggersDispatcher { get; private set; }

    public TimeSpan LoggerStartTimeout { get; private set; }

    public bool LoggerAsyncStart { get; private set; }

    public ILogMessageFormatter LogFormatter { get; private set; }

    public bool LogConfigOnStart { get; private set; }

    /// <summary>How many dead letters are logged; 0 for none, <see cref="int.MaxValue"/> for all.</summary>
    public int LogDeadLetters { get; private set; }

    public bool LogDeadLettersDuringShutdown { get; private set; }

    public TimeSpan LogDeadLettersSuspendDuration { get; private set; }

    public bool AddLoggingReceive { get; private set; }

    public bool DebugAutoReceive { get; private set; }

    public bool DebugLifecycle { get; private set; }

    public bool DebugEventStream { get; private set; }

    public bool DebugUnhandledMessage { get; private set; }

    public bool DebugRouterMisconfiguration { get; private set; }

    public bool FsmDebugEvent { get; private set; }

    public bool CoordinatedShutdownTerminateActorSystem { get; }

    public bool CoordinatedShutdownRunByActorSystemTerminate { get; }

    /// <summary>Adds defaults below all others, as an extension does with its own reference.</summary>
    public void InjectTopLevelFallback(Config config)
    {
        _fallback = config.WithFallback(_fallback);
        RebuildConfig();
    }

    public override string ToString() => Config.ToString();

    private void RebuildConfig() => Config = _userConfig is null || _userConfig.IsEmpty ? _fallback : _userConfig.WithFallback(_fallback);

    private void ReadActorSettings()
    {
        ConfigVersion = Config.GetString("akka.version");
        var bootstrap = Setup.Get<BootstrapSetup>();
        ProviderSelectionType = bootstrap.HasValue && bootstrap.Value.ActorRefProvider.HasValue
            ? bootstrap.Value.ActorRefProvider.Value
            : ProviderSelection.GetProvider(Config.GetString("akka.actor.provider"));
        SupervisorStrategyClass = Config.GetString("akka.actor.guardian-supervisor-strategy");
        AskTimeout = Config.GetTimeSpan("akka.actor.ask-timeout", Timeout.InfiniteTimeSpan, allowInfinite: true);
        CreationTimeout = Config.GetTimeSpan("akka.actor.creation-timeout");
        UnstartedPushTimeout = Config.GetTimeSpan("akka.actor.unstarted-push-timeout");
        SerializeAllMessages = Config.GetBoolean("akka.actor.serialize-messages");
        SerializeAllCreators = Config.GetBoolean("akka.actor.serialize-creators");
        DefaultVirtualNodesFactor = Config.GetInt("akka.actor.deployment.default.virtual-nodes-factor", 10);
    }

    private void ReadLoggingSettings()
    {
        LogLevel = Config.GetString("akka.loglevel");
        StdoutLogLevel = Config.GetString("akka.stdout-loglevel");
        StdoutLogger = Create<MinimalLogger>("akka.stdout-logger-class", StandardOutLogger.Instance);
        Loggers = Config.GetStringList("akka.loggers");
        LoggersDispatcher = Config.GetString("akka.loggers-dispatcher");
        LoggerStartTimeout = Config.GetTimeSpan("akka.logger-startup-timeout");
        LoggerAsyncStart = Config.GetBoolean("akka.logger-async-start");
        LogFormatter = Create<ILogMessageFormatter>("akka.logger-formatter", DefaultLogMessageFormatter.Instance);
        LogConfigOnStart = Config.GetBoolean("akka.log-config-on-start");
        LogDeadLetters = Config.GetString("akka.log-dead-letters") switch
        {
            "on" or "true" or "yes" => int.MaxValue,
            "off" or "false" or "no" => 0,
            _ => Config.GetInt("akka.log-dead-letters"),
        };
        LogDeadLettersDuringShutdown = Config.GetBoolean("akka.log-dead-letters-during-shutdown");
        LogDeadLettersSuspendDuration = Config.GetTimeSpan("akka.log-dead-letters-suspend-duration", allowInfinite: true);
    }

    private void ReadDebugSettings()
    {
        AddLoggingReceive = Config.GetBoolean("akka.actor.debug.receive");
        DebugAutoReceive = Config.GetBoolean("akka.actor.debug.autoreceive");
        DebugLifecycle = Config.GetBoolean("akka.actor.debug.lifecycle");
        FsmDebugEvent = Config.GetBoolean("akka.actor.debug.fsm");
        DebugEventStream = Config.GetBoolean("akka.actor.debug.event-stream");
        DebugUnhandledMessage = Config.GetBoolean("akka.actor.debug.unhandled");
        DebugRouterMisconfiguration = Config.GetBoolean("akka.actor.debug.router-misconfiguration");
    }

    private T Create<T>(string path, T usual)
        where T : class
    {
        var name = Config.GetString(path);
        if (string.IsNullOrEmpty(name)) return usual;
        var type = Type.GetType(name) ?? throw new ConfigurationException($"{path} is '{name}', which is no type that can be loaded.");
        if (type == usual.GetType()) return usual;
        return Activator.CreateInstance(type) as T ?? throw new ConfigurationException($"{path} is '{name}', which is no {typeof(T).Name}.");
    }
}
