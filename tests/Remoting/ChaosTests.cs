using Akka.Actor;

namespace ActorInference.Remoting.Tests;

/// <summary>Connections that break at random moments.</summary>
public sealed class ChaosTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_breaks_messages_stay_in_order_and_single_and_every_end_is_told_once(int seed)
    {
        const int Rounds = 12;
        var random = new Random(seed);
        await using var pair = new ProxiedPair("akka.remote.retry-gate-closed-for = 50ms");
        var receiver = pair.There.Kit.CreateTestProbe();
        var watcher = pair.Here.Kit.CreateTestProbe();
        var remote = await pair.There.ResolveFrom(pair.Here, receiver.Ref);
        var echo = await pair.There.ResolveFrom(pair.Here, pair.There.System.ActorOf(Props.Create(() => new EchoActor())));
        var watched = new List<IActorRef>();
        var next = 0;

        for (var round = 0; round < Rounds; round++)
        {
            var mortal = pair.There.System.ActorOf(Props.Create(() => new EchoActor()));
            var seen = await RemoteSystem.Eventually(() => pair.There.SelectFrom(pair.Here, mortal.Path.ToStringWithoutAddress()).ResolveOne(TimeSpan.FromMilliseconds(500)));
            await watcher.WatchAsync(seen);
            watched.Add(seen);

            var (count, breakAt, endAt) = (random.Next(50, 500), random.Next(600), random.Next(600));
            for (var i = 0; i < count; i++)
            {
                if (i == breakAt) pair.Break();
                if (i == endAt) mortal.Tell(PoisonPill.Instance, ActorRefs.NoSender);
                remote.Tell(next++, ActorRefs.NoSender);
            }

            mortal.Tell(PoisonPill.Instance, ActorRefs.NoSender);
            await RemoteSystem.Eventually(() => echo.Ask<int>(round, TimeSpan.FromMilliseconds(500)));
        }

        remote.Tell("the end", ActorRefs.NoSender);
        await ExpectEnds(watcher, watched, seed);
        await ExpectIncreasing(receiver, next, seed);
    }

    private static async Task ExpectEnds(Akka.TestKit.TestProbe watcher, List<IActorRef> watched, int seed)
    {
        var ended = new HashSet<IActorRef>();
        for (var i = 0; i < watched.Count; i++)
        {
            var terminated = await watcher.ExpectMsgAsync<Terminated>(RemoteSystem.Patience);
            Assert.True(ended.Add(terminated.ActorRef), $"seed {seed}: the end of {terminated.ActorRef} was told twice");
        }

        Assert.True(ended.SetEquals(watched), $"seed {seed}: others ended than those watched");
    }

    private static async Task ExpectIncreasing(Akka.TestKit.TestProbe receiver, int sent, int seed)
    {
        var (last, got) = (-1, 0);
        while (await receiver.ExpectMsgAsync<object>(RemoteSystem.Patience) is int number)
        {
            Assert.True(number > last, $"seed {seed}: {number} came after {last}");
            (last, got) = (number, got + 1);
        }

        Assert.True(got > 0 && got <= sent, $"seed {seed}: {got} of {sent} arrived");
    }
}
