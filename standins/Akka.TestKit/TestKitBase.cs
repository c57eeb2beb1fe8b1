using System.Diagnostics;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Configs;

namespace Akka.TestKit;

/// <summary>
/// A test's view of an actor system: an actor that collects what it is sent, and ways to say what the test expects of it.
/// On the thread that made the kit, and in the asynchronous test that goes on from there, that actor is the sender.
/// Every synchronous expectation waits on the calling thread for its asynchronous twin.
/// </summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static long _testActorNumber;

    private readonly ITestKitAssertions _assertions;
    private readonly Channel<MessageEnvelope> _received = Channel.CreateUnbounded<MessageEnvelope>();
    private MessageEnvelope _last = NullMessageEnvelope.Instance;
    private ImplicitSenderContext _implicitSender;
    private TimeSpan? _end;          // Of the innermost Within, by Clock.
    private bool _lastWasNoMessage;  // Having waited for nothing, a block may be late.

    /// <param name="system">Null for a new one that ends with the kit.</param>
    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system = null, string testActorName = null)
        : this(assertions, system, ActorSystemSetup.Empty, null, testActorName)
    {
    }

    protected TestKitBase(ITestKitAssertions assertions, ActorSystemSetup setup, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, setup, actorSystemName, testActorName)
    {
    }

    protected TestKitBase(ITestKitAssertions assertions, Config config, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, ActorSystemSetup.Empty.WithSetup(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName)
    {
    }

    protected TestKitBase(
        ITestKitAssertions assertions, ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        ArgumentNullException.ThrowIfNull(assertions);
        _assertions = assertions;
        InitializeTest(system, config, actorSystemName, testActorName);
    }

    public static Config DefaultConfig => TestConfigs.DefaultConfig;

    public static Config FullDebugConfig => TestConfigs.FullDebugConfig;

    public static TimeSpan Now => TimeSpan.FromTicks(DateTime.UtcNow.Ticks);

    public ActorSystem Sys { get; private set; }

    public TestKitSettings TestKitSettings { get; private set; }

    public ILoggingAdapter Log { get; private set; }

    public IActorRef TestActor { get; private set; }

    public EventFilterFactory EventFilter { get; private set; }

    /// <summary>Of the last message received; fails if the last expectation received none.</summary>
    public IActorRef LastSender => _last.Sender;

    public object LastMessage => _last.Message;

    public bool HasMessages => _received.Reader.TryPeek(out _);

    internal ITestKitAssertions Framework => _assertions;

    /// <summary>Never steps back, unlike <see cref="Now"/>.</summary>
    private protected static TimeSpan Clock => Stopwatch.GetElapsedTime(0);

    public EventFilterFactory CreateEventFilter(ActorSystem system) => new(this, system);

    /// <summary>Ends the system, and waits for it.</summary>
    /// <param name="duration">Default: five seconds, dilated.</param>
    /// <param name="verifySystemShutdown">Whether to fail if it has not ended by then.</param>
    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) => Shutdown(Sys, duration, verifySystemShutdown);

    /// <exception cref="TimeoutException">It has not ended in time, and that was to be verified.</exception>
    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        _implicitSender?.Return();
        if (system is null) return;
        var wait = duration ?? Dilated(TimeSpan.FromSeconds(5));
        if (system.Terminate().Wait(wait)) return;
        var message = $"Failed to stop [{system.Name}] within [{wait}]; these actors are left:\n{((ExtendedActorSystem)system).PrintTree()}";
        if (verifySystemShutdown) throw new TimeoutException(message);
        system.Log.Warning("{0}", message);
    }

    /// <summary>Called by the constructor.</summary>
    protected virtual void InitializeTest(ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        if (system is null)
        {
            var bootstrap = config.Get<BootstrapSetup>();
            var withDefaults = (bootstrap.HasValue ? bootstrap.Value : BootstrapSetup.Create()).WithConfigFallback(DefaultConfig);
            system = ActorSystem.Create(actorSystemName ?? "test", config.WithSetup(withDefaults));
        }
        else
        {
            system.Settings.InjectTopLevelFallback(DefaultConfig);
        }

        Sys = system;
        TestKitSettings = TestKitExtension.For(system);
        Log = Logging.GetLogger(system, GetType());
        EventFilter = new EventFilterFactory(this);
        TestActor = StartTestActor(testActorName ?? $"testActor{Interlocked.Increment(ref _testActorNumber)}", _received.Writer);
        if (this is INoImplicitSender) return;
        _implicitSender = new ImplicitSenderContext(((LocalActorRef)TestActor).Cell);
        _implicitSender.Use();
    }

    protected void InitializeTest(ActorSystem system, Config config, string actorSystemName, string testActorName) =>
        InitializeTest(system, ActorSystemSetup.Empty.WithSetup(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName);

    private static T Wait<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    private IActorRef StartTestActor(string name, ChannelWriter<MessageEnvelope> received) => ((ExtendedActorSystem)Sys).SystemActorOf(
        Props.Create(() => new InternalTestActor(received)).WithDispatcher("akka.test.test-actor.dispatcher"), name);

    /// <summary>To be thrown, though the framework's own exception is under way before that.</summary>
    private UnreachableException Failed(string message)
    {
        _assertions.Fail("{0}", message);
        return new UnreachableException("The test framework did not throw on Fail.");
    }
}
