using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.ActorEngine.Tests.Chaos;

/// <summary>Random trees of actors that are told, failed, stopped and started at random. The seed is in each failure.</summary>
public sealed class RandomLivesTests() : EngineTest("akka.loglevel = OFF")
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(20240917)]
    [InlineData(777)]
    public async Task No_message_is_handled_twice_and_none_but_a_few_vanish_among_those_who_end(int seed)
    {
        const int Messages = 20_000;
        var random = new Random(seed);
        var ledger = new Ledger(Messages);
        var undertaker = Sys.ActorOf(Props.Create(() => new Undertaker(ledger)));
        Sys.EventStream.Subscribe(undertaker, typeof(DeadLetter));
        var root = Sys.ActorOf(Props.Create(() => new Node(ledger, seed, 0)));
        await AwaitConditionAsync(() => Task.FromResult(ledger.Nodes.Count > 10), Deadline);

        for (var i = 0; i < Messages; i++)
        {
            var nodes = ledger.Nodes;
            nodes[random.Next(nodes.Count)].Tell(new Numbered(i, Draw(random)), ActorRefs.NoSender);
        }

        // Reporting dead letters is best effort: one that reaches a mailbox in the moment it closes may go unreported.
        await AwaitAssertAsync(() => Assert.True(ledger.Vanished <= Messages / 1000, $"seed {seed}: {ledger}"), Deadline);
        Assert.True(ledger.MoreThanOnce == 0, $"seed {seed}: {ledger}");
        Assert.True(await root.GracefulStop(Deadline), $"seed {seed}: the tree did not stop");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(31337)]
    public async Task Every_watcher_hears_of_every_end(int seed)
    {
        var random = new Random(seed);
        var ledger = new Ledger(0);
        var root = Sys.ActorOf(Props.Create(() => new Node(ledger, seed, 0)));
        await AwaitConditionAsync(() => Task.FromResult(ledger.Nodes.Count > 20), Deadline);
        var nodes = ledger.Nodes;
        var ends = nodes.Select(node => node.WatchAsync()).ToList();

        foreach (var node in nodes.OrderBy(_ => random.Next()).Take(nodes.Count / 2)) node.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        root.Tell(PoisonPill.Instance, ActorRefs.NoSender);

        var all = await Task.WhenAll(ends).WaitAsync(Deadline);
        Assert.All(all, Assert.True);
    }

    private static Deed Draw(Random random) => random.Next(100) switch
    {
        < 3 => Deed.Fail,
        < 5 => Deed.Stop,
        < 9 => Deed.StartChild,
        < 15 => Deed.Await,
        _ => Deed.Count,
    };

    public enum Deed
    {
        Count,
        Fail,
        Stop,
        StartChild,
        Await,
    }

    public sealed record Numbered(int Number, Deed Deed);

    /// <summary>What became of each message, and who lives or lived.</summary>
    private sealed class Ledger(int messages)
    {
        private readonly int[] _handled = new int[messages];
        private readonly int[] _dead = new int[messages];
        private readonly ConcurrentQueue<IActorRef> _nodes = new();

        public IReadOnlyList<IActorRef> Nodes => [.. _nodes.Take(200)];

        public int Vanished => Enumerable.Range(0, messages).Count(i => Times(i) == 0);

        public int MoreThanOnce => Enumerable.Range(0, messages).Count(i => Times(i) > 1);

        public void Handled(int number) => Interlocked.Increment(ref _handled[number]);

        public void Dead(int number) => Interlocked.Increment(ref _dead[number]);

        public void Born(IActorRef node) => _nodes.Enqueue(node);

        public override string ToString() =>
            $"{_handled.Sum()} handled, {_dead.Sum()} dead letters, {Vanished} vanished, {MoreThanOnce} more than once";

        private int Times(int number) => Volatile.Read(ref _handled[number]) + Volatile.Read(ref _dead[number]);
    }

    private sealed class Undertaker : ReceiveActor
    {
        public Undertaker(Ledger ledger) => Receive<DeadLetter>(letter =>
        {
            if (letter.Message is Numbered numbered) ledger.Dead(numbered.Number);
        });
    }

    private sealed class Node : ReceiveActor
    {
        private const int MaxDepth = 3;

        private readonly Random _random;
        private readonly Ledger _ledger;
        private readonly int _seed;
        private readonly int _depth;

        public Node(Ledger ledger, int seed, int depth)
        {
            _ledger = ledger;
            _seed = seed;
            _depth = depth;
            _random = new Random((seed * 31) + depth);
            ReceiveAsync<Numbered>(numbered => numbered.Deed == Deed.Await, async numbered =>
            {
                await Task.Yield();
                ledger.Handled(numbered.Number);
            });
            Receive<Numbered>(Do);
        }

        protected override void PreStart()
        {
            _ledger.Born(Self);
            for (var i = 0; i < MaxDepth - _depth + 1; i++) NewChild();
        }

        protected override SupervisorStrategy SupervisorStrategy() => (_depth % 3) switch
        {
            0 => new OneForOneStrategy(_ => Decide()),
            1 => new AllForOneStrategy(_ => Decide()),
            _ => new OneForOneStrategy(5, TimeSpan.FromSeconds(1), _ => Decide()),
        };

        private void Do(Numbered numbered)
        {
            _ledger.Handled(numbered.Number);
            switch (numbered.Deed)
            {
                case Deed.Fail: throw new TestFailure("random");
                case Deed.Stop when _depth > 0: Context.Stop(Self); break;
                case Deed.StartChild: NewChild(); break;
            }
        }

        private Directive Decide() => _depth == 0 ? (Directive)_random.Next(2) : (Directive)_random.Next(4);

        private void NewChild()
        {
            var (ledger, seed, depth) = (_ledger, _seed, _depth + 1);
            if (depth <= MaxDepth) Context.ActorOf(Props.Create(() => new Node(ledger, seed, depth)));
        }
    }
}
