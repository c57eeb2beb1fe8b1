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
}
