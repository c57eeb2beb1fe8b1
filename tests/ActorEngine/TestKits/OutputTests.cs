using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace ActorInference.ActorEngine.Tests.TestKits;

public sealed class OutputTests
{
    [Fact]
    public void The_log_goes_to_the_output_of_the_test()
    {
        var output = new Recorder();
        using (var kit = new TestKit("akka.stdout-loglevel = OFF", output))
        {
            kit.Sys.Log.Warning("watch out, {0}", "Ada");
            kit.AwaitCondition(() => output.Lines.Any(line => line.Contains("watch out, Ada", StringComparison.Ordinal)), TimeSpan.FromSeconds(60));
        }

        Assert.Contains(output.Lines, line => line.Contains("WARNING", StringComparison.Ordinal));
    }

    [Fact]
    public void An_output_that_is_closed_does_not_hurt_the_system()
    {
        using var kit = new TestKit("akka.stdout-loglevel = OFF", new ClosedOutput());

        kit.Sys.Log.Warning("nobody reads this");
        kit.TestActor.Tell("well");

        kit.ExpectMsg("well", TimeSpan.FromSeconds(60));
        Assert.False(kit.Sys.WhenTerminated.IsCompleted);
    }

    [Fact]
    public void The_system_ends_with_the_kit()
    {
        var afterAll = new List<bool>();
        var kit = new Kit(afterAll);

        kit.Dispose();

        Assert.True(kit.Sys.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal([false], afterAll);
    }

    private sealed class Kit(List<bool> afterAll) : TestKit
    {
        protected override void AfterAll() => afterAll.Add(Sys.WhenTerminated.IsCompleted);
    }

    private sealed class Recorder : ITestOutputHelper
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public void WriteLine(string message) => Lines.Enqueue(message);

        public void WriteLine(string format, params object[] args) => Lines.Enqueue(string.Format(format, args));
    }

    private sealed class ClosedOutput : ITestOutputHelper
    {
        public void WriteLine(string message) => throw new InvalidOperationException("There is no currently active test.");

        public void WriteLine(string format, params object[] args) => throw new InvalidOperationException("There is no currently active test.");
    }
}
