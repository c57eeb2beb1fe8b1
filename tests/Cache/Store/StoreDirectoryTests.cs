using System.Collections.Concurrent;
using ActorInference.Cache.Store;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Cache.Tests.Store;

public sealed class StoreDirectoryTests : TestKit
{
    public StoreDirectoryTests()
        : base("akka.loglevel = WARNING\nakka.test.single-expect-default = 60s")
    {
    }

    /// <summary>A worker that sees a store in its process's table and asks a shard for room must not be told that there is no store.</summary>
    [Fact]
    public void Shards_are_told_of_a_store_before_their_process_shows_it()
    {
        var process = CacheProcess.Get(Sys);
        var directory = Sys.ActorOf(StoreDirectoryActor.Props(new StoreLiveness(), false));
        var isShown = new ConcurrentQueue<bool>();
        Action<StoresChanged> note = _ => isShown.Enqueue(process.Table.TryGet(Keys.Store(0), out var _));
        // It runs where it is told, within the directory's own call.
        var shard = Sys.ActorOf(Props.Create(() => new Subscriber(note)).WithDispatcher(CallingThreadDispatcher.Id));

        directory.Tell(StoreDirectoryActor.Subscribe.Instance, shard);
        directory.Tell(Keys.Report(0));
        AwaitAssert(() => Assert.True(process.Table.TryGet(Keys.Store(0), out var _)));

        Assert.Equal([false, false], isShown);   // The answer, and the news.
    }

    private sealed class Subscriber : ReceiveActor
    {
        public Subscriber(Action<StoresChanged> note) => Receive(note);
    }
}
