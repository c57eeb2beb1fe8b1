using Akka.Actor.Internal;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A tree of actors with its dispatchers, scheduler, log and configuration.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    public abstract Settings Settings { get; }

    public abstract string Name { get; }

    public abstract Serialization.Serialization Serialization { get; }

    public abstract EventStream EventStream { get; }

    public abstract IActorRef DeadLetters { get; }

    /// <summary>Swallows what it is told, without a trace.</summary>
    public abstract IActorRef IgnoreRef { get; }

    public abstract Dispatchers Dispatchers { get; }

    public abstract Mailboxes Mailboxes { get; }

    public abstract IScheduler Scheduler { get; }

    public abstract ILoggingAdapter Log { get; }

    /// <summary>Since the system's start, by its scheduler's clock.</summary>
    public TimeSpan Uptime => Scheduler.MonotonicClock - StartClock;

    public TimeSpan StartTime { get; } = DateTime.UtcNow - DateTime.UnixEpoch;

    /// <summary>Completes when every actor has stopped and all callbacks have run.</summary>
    public abstract Task WhenTerminated { get; }

    private protected TimeSpan StartClock { get; set; }

    public static ActorSystem Create(string name, Config config) => CreateAndStart(name, config, ActorSystemSetup.Empty);

    public static ActorSystem Create(string name) => Create(name, ActorSystemSetup.Empty);

    public static ActorSystem Create(string name, BootstrapSetup setup) => Create(name, ActorSystemSetup.Create(setup));

    public static ActorSystem Create(string name, ActorSystemSetup setup)
    {
        var bootstrap = setup.Get<BootstrapSetup>();
        var config = bootstrap.HasValue && bootstrap.Value.Config.HasValue ? bootstrap.Value.Config.Value : ConfigurationFactory.Load();
        if (bootstrap.HasValue && bootstrap.Value.ConfigFallback.HasValue) config = config.WithFallback(bootstrap.Value.ConfigFallback.Value);
        return CreateAndStart(name, config, setup);
    }

    public abstract IActorRef ActorOf(Props props, string name = null);

    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    public abstract ActorSelection ActorSelection(string actorPath);

    public abstract void Stop(IActorRef actor);

    /// <summary>Stops all actors: first those of users, then the system's own. By default through <see cref="CoordinatedShutdown"/>.</summary>
    public abstract Task Terminate();

    /// <summary>Runs the code once the system has ended; the last registered first.</summary>
    public abstract void RegisterOnTermination(Action code);

    public abstract object GetExtension(IExtensionId extensionId);

    public abstract T GetExtension<T>()
        where T : class, IExtension;

    public abstract bool HasExtension(Type type);

    public abstract bool HasExtension<T>()
        where T : class, IExtension;

    public abstract bool TryGetExtension(Type extensionType, out object extension);

    public abstract bool TryGetExtension<T>(out T extension)
        where T : class, IExtension;

    /// <summary>The system's instance, made now if there is none.</summary>
    public abstract object RegisterExtension(IExtensionId extension);

    /// <summary>Begins to terminate; does not wait.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing) Terminate();
    }

    internal abstract void FinalTerminate();

    private static ActorSystem CreateAndStart(string name, Config config, ActorSystemSetup setup)
    {
        var system = new ActorSystemImpl(name, config, setup);
        system.Start();
        return system;
    }
}

/// <summary>The system as extensions and providers see it.</summary>
public abstract class ExtendedActorSystem : ActorSystem
{
    public abstract IActorRefProvider Provider { get; }

    public abstract IInternalActorRef LookupRoot { get; }

    public abstract IInternalActorRef Guardian { get; }

    public abstract IInternalActorRef SystemGuardian { get; }

    /// <summary>Starts an actor below /system.</summary>
    public abstract IActorRef SystemActorOf(Props props, string name = null);

    public abstract IActorRef SystemActorOf<TActor>(string name = null)
        where TActor : ActorBase, new();

    /// <summary>Ends the system because of an error it cannot go on from, without a coordinated shutdown.</summary>
    public abstract void Abort();

    /// <summary>The actors as a tree of text.</summary>
    public abstract string PrintTree();
}
