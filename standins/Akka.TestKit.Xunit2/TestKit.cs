using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Xunit2.Internals;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2;

/// <summary>The base of an xunit test class with an actor system of its own, which ends with each test.</summary>
public class TestKit : TestKitBase, IDisposable
{
    /// <summary>Where the log goes too; null for nowhere else.</summary>
    protected readonly ITestOutputHelper Output;

    private bool _isDisposed;

    /// <param name="system">Null for a new one.</param>
    /// <param name="output">Where the log goes too.</param>
    public TestKit(ActorSystem system = null, ITestOutputHelper output = null)
        : base(Assertions, system)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public TestKit(ActorSystemSetup config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public TestKit(Config config, string actorSystemName = null, ITestOutputHelper output = null)
        : base(Assertions, config, actorSystemName)
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public TestKit(string config, ITestOutputHelper output = null)
        : base(Assertions, ConfigurationFactory.ParseString(config))
    {
        Output = output;
        InitializeLogger(Sys);
    }

    public static new Config DefaultConfig => TestKitBase.DefaultConfig;

    public static new Config FullDebugConfig => TestKitBase.FullDebugConfig;

    protected static XunitAssertions Assertions { get; } = new();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs after each test, before its system ends.</summary>
    protected virtual void AfterAll()
    {
    }

    /// <summary>Sends the log of a system to the output too.</summary>
    protected void InitializeLogger(ActorSystem system) => StartLogger(system, Output);

    /// <param name="prefix">Stands before each line, to tell systems apart.</param>
    protected void InitializeLogger(ActorSystem system, string prefix) =>
        StartLogger(system, Output is null ? null : new PrefixedOutput(Output, prefix));

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _isDisposed) return;
        _isDisposed = true;
        try
        {
            AfterAll();
        }
        finally
        {
            Shutdown();
        }
    }

    private void StartLogger(ActorSystem system, ITestOutputHelper output)
    {
        if (output is null) return;
        var logger = ((ExtendedActorSystem)system).SystemActorOf(Props.Create(() => new TestOutputLogger(output)));
        logger.Ask<LoggerInitialized>(new InitializeLogger(system.EventStream), RemainingOrDefault).GetAwaiter().GetResult();
    }

    private sealed class PrefixedOutput(ITestOutputHelper output, string prefix) : ITestOutputHelper
    {
        public void WriteLine(string message) => output.WriteLine(prefix + message);

        public void WriteLine(string format, params object[] args) => output.WriteLine(prefix + format, args);
    }
}
