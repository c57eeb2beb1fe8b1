using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor.Internal;

/// <summary>The one actor system that there is.</summary>
public partial class ActorSystemImpl : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly ConcurrentStack<Action> _terminationCallbacks = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Serialization.Serialization _serialization;
    private int _terminating;

    public ActorSystemImpl(string name, Config config, ActorSystemSetup setup)
    {
        if (!ValidName().IsMatch(name))
        {
            throw new ArgumentException(
                $"Invalid ActorSystem name [{name}], must contain only word characters (i.e. [a-zA-Z0-9] plus non-leading '-' or '_')", nameof(name));
        }

        Name = name;
        ArgumentNullException.ThrowIfNull(config);
        Settings = new Settings(this, config, setup);
        SerializesMessages = Settings.SerializeAllMessages;
        LogsReceived = Settings.AddLoggingReceive;
        EventStream = new EventStream(Settings.DebugEventStream);
        EventStream.StartStdoutLogger(Settings);
        Log = new BusLogging(EventStream, $"ActorSystem({name})", typeof(ActorSystem), Settings.LogFormatter);
        Scheduler = CreateConfigured<IScheduler>(Settings.SchedulerClass, "akka.scheduler.implementation", Settings.Config, Log);
        StartClock = Scheduler.MonotonicClock;
        Provider = CreateConfigured<IActorRefProvider>(Settings.ProviderClass, "akka.actor.provider", name, Settings, EventStream);
        IgnoreRef = new IgnoreActorRef(Provider);
        Mailboxes = new Mailboxes(this);
        Dispatchers = new Dispatchers(this, new DefaultDispatcherPrerequisites(EventStream, Scheduler, Settings, Mailboxes));
    }

    public override Settings Settings { get; }

    public override string Name { get; }

    public override Serialization.Serialization Serialization => _serialization;

    public override EventStream EventStream { get; }

    public override IActorRef DeadLetters => Provider.DeadLetters;

    public override IActorRef IgnoreRef { get; }

    public override Dispatchers Dispatchers { get; }

    public override Mailboxes Mailboxes { get; }

    public override IScheduler Scheduler { get; }

    public override ILoggingAdapter Log { get; }

    public override IActorRefProvider Provider { get; }

    public override IInternalActorRef LookupRoot => Provider.RootGuardian;

    public override IInternalActorRef Guardian => Provider.Guardian;

    public override IInternalActorRef SystemGuardian => Provider.SystemGuardian;

    public override Task WhenTerminated => _terminated.Task;

    /// <summary>Copies of the settings, since every message asks for them.</summary>
    internal bool SerializesMessages { get; }

    internal bool LogsReceived { get; }

    public override IActorRef ActorOf(Props props, string name = null) => ((LocalActorRef)Provider.Guardian).Cell.AttachChild(props, false, name);

    public override IActorRef SystemActorOf(Props props, string name = null) =>
        ((LocalActorRef)Provider.SystemGuardian).Cell.AttachChild(props, true, name);

    public override IActorRef SystemActorOf<TActor>(string name = null) => SystemActorOf(Props.Create<TActor>(), name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, this);

    public override ActorSelection ActorSelection(string actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, this, Provider.RootGuardian);

    public override void Stop(IActorRef actor)
    {
        var parent = actor.Path.Parent;
        if (parent == Guardian.Path) Guardian.Tell(new StopChild(actor), ActorRefs.NoSender);
        else if (parent == SystemGuardian.Path) SystemGuardian.Tell(new StopChild(actor), ActorRefs.NoSender);
        else ((IInternalActorRef)actor).Stop();
    }

    public override Task Terminate()
    {
        if (Settings.CoordinatedShutdownRunByActorSystemTerminate)
            CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        else
            FinalTerminate();
        return WhenTerminated;
    }

    public override void RegisterOnTermination(Action code)
    {
        if (WhenTerminated.IsCompleted) throw new InvalidOperationException("The actor system has terminated; it runs no further code.");
        _terminationCallbacks.Push(code);
    }

    public override void Abort() => FinalTerminate();

    public override string PrintTree() => AppendTree(new StringBuilder(), LookupRoot, "").ToString();

    public override object GetExtension(IExtensionId extensionId) => TryGetExtension(extensionId.ExtensionType, out var extension) ? extension : null;

    public override T GetExtension<T>() => TryGetExtension<T>(out var extension) ? extension : null;

    public override bool HasExtension(Type type) => TryGetExtension(type, out _);

    public override bool HasExtension<T>() => HasExtension(typeof(T));

    public override bool TryGetExtension(Type extensionType, out object extension)
    {
        extension = _extensions.TryGetValue(extensionType, out var lazy) ? lazy.Value : null;
        return extension is not null;
    }

    public override bool TryGetExtension<T>(out T extension)
    {
        var found = TryGetExtension(typeof(T), out var untyped);
        extension = untyped as T;
        return found;
    }

    public override object RegisterExtension(IExtensionId extension)
    {
        ArgumentNullException.ThrowIfNull(extension);
        return _extensions.GetOrAdd(extension.ExtensionType, _ => new Lazy<object>(() => extension.CreateExtension(this))).Value;
    }

    public override string ToString() => LookupRoot.Path.Root.Address.ToString();

    internal void Start()
    {
        try
        {
            _serialization = new Serialization.Serialization(this);
            Provider.TerminationTask.ContinueWith(_ => AfterTermination(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            Provider.Init(this);
            EventStream.StartDefaultLoggers(this);
            EventStream.StartUnsubscriber(this);
            if (Settings.LogDeadLetters > 0) SystemActorOf<DeadLetterListener>("deadLetterListener");
            if (Settings.LogConfigOnStart) Log.Info(Settings.ToString());
            CoordinatedShutdown.Get(this);
            LoadExtensions();
        }
        catch
        {
            FinalTerminate();
            throw;
        }
    }

    internal override void FinalTerminate()
    {
        if (Interlocked.Exchange(ref _terminating, 1) == 1) return;
        Log.Debug("System shutdown initiated");
        if (!Settings.LogDeadLettersDuringShutdown && Settings.LogDeadLetters > 0)
            ActorSelection("/system/deadLetterListener").Tell(PoisonPill.Instance, ActorRefs.NoSender);
        Provider.Guardian?.Stop();
    }

    private static StringBuilder AppendTree(StringBuilder text, IActorRef node, string indent)
    {
        text.Append(indent).Append(indent.Length == 0 ? "-> " : "\\-> ").Append(node.Path.Name).Append(' ').AppendLine(node.GetType().Name);
        if (node is not ActorRefWithCell withCell) return text;
        foreach (var child in withCell.Children.OrderBy(child => child.Path.Name, StringComparer.Ordinal)) AppendTree(text, child, indent + "    ");
        return text;
    }

    private static T CreateConfigured<T>(string typeName, string path, params object[] arguments)
        where T : class
    {
        var type = Type.GetType(typeName ?? "");
        if (type is null || !typeof(T).IsAssignableFrom(type))
            throw new ConfigurationException($"{path} is '{typeName}', which is not the name of a {typeof(T).Name} that can be loaded.");
        return (T)Activator.CreateInstance(type, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9-_]*$")]
    private static partial Regex ValidName();

    private void LoadExtensions()
    {
        foreach (var name in Settings.Config.GetStringList("akka.extensions"))
        {
            var type = Type.GetType(name);
            if (type is not null && typeof(IExtensionId).IsAssignableFrom(type)) RegisterExtension((IExtensionId)Activator.CreateInstance(type));
            else Log.Error("akka.extensions names [{0}], which is not the name of an extension id that can be loaded; skipped.", name);
        }
    }

    private void AfterTermination()
    {
        try
        {
            (Scheduler as IDisposable)?.Dispose();
            Dispatchers.ShutdownAll();
            while (_terminationCallbacks.TryPop(out var callback)) callback();
            _terminated.TrySetResult();
        }
        catch (Exception e)
        {
            _terminated.TrySetException(e);
        }
    }
}
