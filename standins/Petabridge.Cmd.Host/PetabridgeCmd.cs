using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Petabridge.Cmd.Host.Palettes;
using Petabridge.Cmd.Host.Server;

namespace Petabridge.Cmd.Host;

/// <summary>Makes the one <see cref="PetabridgeCmd"/> of a system.</summary>
public sealed class PetabridgeCmdProvider : ExtensionIdProvider<PetabridgeCmd>
{
    public override PetabridgeCmd CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Lets consoles run commands in an actor system. Nobody can connect before <see cref="Start"/>.</summary>
public sealed class PetabridgeCmd : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, CommandPaletteHandler> _handlers = ImmutableDictionary<string, CommandPaletteHandler>.Empty;
    private ConsoleListener? _listener;

    internal PetabridgeCmd(ExtendedActorSystem system)
    {
        _system = system;
        _log = Logging.GetLogger(system, typeof(PetabridgeCmd));
        system.Settings.InjectTopLevelFallback(DefaultConfiguration());
        RegisterCommandPalette(ActorCommands.Instance);
        RegisterCommandPalette(new LogCommands());
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceUnbind, "petabridge-cmd-stop", Stop);
    }

    public ActorSystem Sys => _system;

    public static PetabridgeCmd Get(ActorSystem system) => system.WithExtension<PetabridgeCmd, PetabridgeCmdProvider>();

    public static Config DefaultConfiguration() => ConfigurationFactory.FromResource<PetabridgeCmd>("Petabridge.Cmd.Host.reference.conf");

    /// <summary>Adds commands, for consoles that connect from now on.</summary>
    /// <exception cref="ArgumentException">Another palette has its name.</exception>
    public void RegisterCommandPalette(CommandPaletteHandler handler)
    {
        handler.OnRegister(this);
        var added = ImmutableInterlocked.TryAdd(ref _handlers, handler.Palette.ModuleName, handler);
        if (!added) throw new ArgumentException($"There is a command palette '{handler.Palette.ModuleName}' already.", nameof(handler));
    }

    /// <summary>Listens for consoles. A second call does nothing.</summary>
    /// <exception cref="ConfigurationException"><c>petabridge.cmd</c> is wrong.</exception>
    /// <exception cref="InvalidOperationException">The address cannot be bound.</exception>
    public void Start()
    {
        lock (_gate)
        {
            if (_listener is not null) return;
            var config = _system.Settings.Config.GetConfig("petabridge.cmd");
            _listener = ConsoleListener.Start(_system, ConsoleAddress.Read(config), () => _handlers);
            _log.Info("petabridge.cmd host bound to [{0}]", _listener.Address);
            if (config.GetBoolean("log-palettes-on-startup", true))
                _log.Info("Command palettes: {0}", string.Join(", ", _handlers.Keys.Order(StringComparer.Ordinal)));
        }
    }

    private async Task<Akka.Done> Stop()
    {
        ConsoleListener? listener;
        lock (_gate) listener = _listener;
        if (listener is not null) await listener.DisposeAsync().ConfigureAwait(false);
        return Akka.Done.Instance;
    }
}
