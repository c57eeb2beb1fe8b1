using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;

namespace ActorInference.Cache.Tests.Radix;

public sealed class RequestOrderTests
{
    [Fact]
    public void First_come_is_first_served()
    {
        QueuedRequest[] queue = [new(1, 30, 5, 0), new(2, 10, 0, 0), new(3, 20, 9, 0)];

        RequestOrder.Fcfs(queue);

        Assert.Equal([2, 3, 1], queue.Select(request => request.Id));
    }

    [Fact]
    public void The_longest_cached_prefix_goes_first_and_equals_by_arrival()
    {
        QueuedRequest[] queue = [new(1, 3, 100, 0), new(2, 2, 0, 0), new(3, 1, 100, 0)];

        RequestOrder.LongestPrefix(queue, agingTokensPerSecond: 10);

        Assert.Equal([3, 1, 2], queue.Select(request => request.Id));
    }

    [Fact]
    public void Who_waits_long_enough_overtakes_every_cached_prefix()
    {
        QueuedRequest[] queue = [new(1, 2, 4000, 0), new(2, 1, 0, 4001)];

        RequestOrder.LongestPrefix(queue, agingTokensPerSecond: 1000);

        Assert.Equal(2, queue[0].Id);
        Assert.Throws<ArgumentOutOfRangeException>(() => RequestOrder.LongestPrefix(queue, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RequestOrder.LongestPrefix(queue, double.NaN));
    }

    [Fact]
    public void A_request_waits_for_the_one_that_computes_most_of_its_prompt()
    {
        KvNamespaceId space = new(0, 1), other = new(0, 2);
        ComputingPrompt[] computing =
        [
            new(space, new[] { 1, 2, 3, 9 }), new(space, new[] { 1, 2, 3, 4, 5, 6, 7 }), new(other, new[] { 1, 2, 3, 4, 5, 6, 7, 8 }),
        ];

        Assert.Equal(1, Wait(cached: 0, minTokens: 2, out var shared));
        Assert.Equal(6, shared);
        Assert.Equal(1, Wait(cached: 4, minTokens: 2, out _));
        Assert.Equal(-1, Wait(cached: 4, minTokens: 3, out shared));
        Assert.Equal(0, shared);

        int Wait(int cached, int minTokens, out int sharedTokens) =>
            PrefixSharing.WaitFor(space, [1, 2, 3, 4, 5, 6, 7, 8], cached, computing, pageSizeTokens: 2, minTokens, out sharedTokens);
    }
}
