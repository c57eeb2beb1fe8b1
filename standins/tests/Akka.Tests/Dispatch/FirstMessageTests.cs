using System.Diagnostics;
using Akka.Actor;
using Akka.Dispatch.MessageQueues;

namespace ActorInference.Standins.Akka.Tests.Dispatch;

public sealed class FirstMessageTests
{
    private const int Rounds = 100_000;

    /// <summary>Two threads that wait for each other need both of them a processor: a busy machine does fewer rounds.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public void The_first_message_is_not_lost_to_a_reader_that_looks_at_the_same_moment()
    {
        using var start = new Barrier(2);
        UnboundedMessageQueue? queue = null;
        var sender = new Thread(() =>
        {
            while (true)
            {
                start.SignalAndWait();
                if (queue is null) return;
                queue.Enqueue(ActorRefs.Nobody, new Envelope("first", ActorRefs.NoSender));
                start.SignalAndWait();
            }
        });
        sender.IsBackground = true;
        sender.Start();
        var watch = Stopwatch.StartNew();
        for (var round = 0; round < Rounds && watch.Elapsed < Limit; round++)
        {
            queue = new UnboundedMessageQueue();
            start.SignalAndWait();
            var read = queue.TryDequeue(out _);
            start.SignalAndWait();
            Assert.True(read || queue.TryDequeue(out _), $"In round {round} the message was lost.");
        }

        queue = null;
        start.SignalAndWait();
        sender.Join();
    }
}
