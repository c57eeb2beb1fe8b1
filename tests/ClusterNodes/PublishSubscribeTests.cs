using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>Messages by topic and path, across the nodes.</summary>
public sealed class PublishSubscribeTests
{
    [Fact]
    public async Task What_is_published_reaches_subscribers_on_all_nodes()
    {
        var nodes = await ClusterNode.FormAsync(3);
        var inboxes = nodes.Select(node => SubscribedAsync(node, "news")).ToArray();
        await Task.WhenAll(inboxes);

        foreach (var node in nodes) await PublishUntilSeenAsync(node, $"from {node.Address.Port}", [.. inboxes.Select(each => each.Result)]);

        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task One_of_a_group_gets_what_is_published_to_groups()
    {
        var nodes = await ClusterNode.FormAsync(2);
        var (first, second) = (await SubscribedAsync(nodes[0], "jobs", "workers"), await SubscribedAsync(nodes[1], "jobs", "workers"));
        await nodes[0].System.KnowsTopicAsync("jobs");

        for (var i = 0; i < 20; i++) DistributedPubSub.Get(nodes[0].System).Mediator.Tell(new Publish("jobs", $"job {i}", true));
        DistributedPubSub.Get(nodes[0].System).Mediator.Tell(new Publish("jobs", "to nobody"));

        await Seen.Until(() => first.Count + second.Count >= 20, "20 jobs", [first, second]);
        var all = first.All.Concat(second.All).ToList();
        Assert.Equal(20, all.Count);
        Assert.Equal(20, all.Distinct().Count());
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_path_is_reached_wherever_it_is()
    {
        var nodes = await ClusterNode.FormAsync(2);
        var seen = new Seen();
        var worker = nodes[1].System.ActorOf(Props.Create(() => new Reader(seen)), "worker");
        DistributedPubSub.Get(nodes[1].System).Mediator.Tell(new Put(worker));
        var mediator = DistributedPubSub.Get(nodes[0].System).Mediator;

        using var patience = new CancellationTokenSource(ClusterNode.Patience);
        while (seen.Count == 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            mediator.Tell(new Send("/user/worker", "job"));
            await seen.ArrivalAsync(Seen.RetryInterval);
        }

        await ClusterNode.StopAllAsync(nodes);
    }

    private static async Task<Seen> SubscribedAsync(ClusterNode node, string topic, string? group = null)
    {
        var seen = new Seen();
        var reader = node.System.ActorOf(Props.Create(() => new Reader(seen)));
        await DistributedPubSub.Get(node.System).Mediator.Ask<SubscribeAck>(new Subscribe(topic, reader, group), ClusterNode.Patience);
        return seen;
    }

    /// <summary>At first a node does not know all subscribers: publishes until all have seen it.</summary>
    private static async Task PublishUntilSeenAsync(ClusterNode node, string message, Seen[] readers)
    {
        var mediator = DistributedPubSub.Get(node.System).Mediator;
        using var patience = new CancellationTokenSource(ClusterNode.Patience);
        while (!readers.All(reader => reader.All.Contains(message)))
        {
            patience.Token.ThrowIfCancellationRequested();
            mediator.Tell(new Publish("news", message));
            foreach (var reader in readers) await reader.ArrivalAsync(Seen.RetryInterval);
        }
    }

    private sealed class Reader : ReceiveActor
    {
        public Reader(Seen seen) => Receive<string>(seen.Add);
    }
}

internal static class Topics
{
    /// <summary>Done when this node knows that the topic has subscribers.</summary>
    public static async Task KnowsTopicAsync(this ActorSystem system, string topic)
    {
        using var patience = new CancellationTokenSource(ClusterNode.Patience);
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            var topics = await DistributedPubSub.Get(system).Mediator.Ask<CurrentTopics>(GetTopics.Instance, ClusterNode.Patience);
            if (topics.Topics.Contains(topic)) return;
        }
    }
}

/// <summary>What a reader has seen.</summary>
public sealed class Seen
{
    /// <summary>What is sent before a subscriber is known is lost, so it is sent again.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<string> _messages = [];
    private readonly SemaphoreSlim _arrived = new(0);

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock) return [.. _messages];
        }
    }

    public int Count => All.Count;

    public static async Task Until(Func<bool> holds, string what, Seen[] readers)
    {
        using var patience = new CancellationTokenSource(ClusterNode.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            try
            {
                // Not the readers' signals: a wait for one of them would eat a signal that it came too late for.
                await timer.WaitForNextTickAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Nobody has seen: {what}. There was: {string.Join("; ", readers.SelectMany(reader => reader.All))}");
            }
        }
    }

    /// <summary>Whether a message has come by then.</summary>
    public Task<bool> ArrivalAsync(TimeSpan limit) => _arrived.WaitAsync(limit);

    internal void Add(string message)
    {
        lock (_lock) _messages.Add(message);
        _arrived.Release();
    }
}
