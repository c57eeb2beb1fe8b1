using Akka.Pattern;

namespace ActorInference.ActorEngine.Tests.Supervision;

public sealed class CircuitBreakerTests : EngineTest
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_opens_after_as_many_failures_in_a_row_as_it_allows()
    {
        var breaker = new CircuitBreaker(Sys.Scheduler, 2, CallTimeout, TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));
        Assert.True(breaker.IsClosed);
        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));

        Assert.True(breaker.IsOpen);
        await Assert.ThrowsAsync<OpenCircuitException>(() => breaker.WithCircuitBreaker(Succeed));
    }

    [Fact]
    public async Task A_success_between_failures_starts_the_count_anew()
    {
        var breaker = new CircuitBreaker(Sys.Scheduler, 2, CallTimeout, TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));
        Assert.Equal(7, await breaker.WithCircuitBreaker(Succeed));
        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));

        Assert.True(breaker.IsClosed);
    }

    [Fact]
    public async Task After_the_reset_timeout_one_success_closes_it()
    {
        var breaker = new CircuitBreaker(Sys.Scheduler, 1, CallTimeout, TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));

        AwaitCondition(() => breaker.IsHalfOpen);
        Assert.Equal(7, await breaker.WithCircuitBreaker(Succeed));

        AwaitCondition(() => breaker.IsClosed);
    }

    [Fact]
    public async Task After_the_reset_timeout_one_failure_opens_it_again()
    {
        var breaker = new CircuitBreaker(Sys.Scheduler, 1, CallTimeout, TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));
        AwaitCondition(() => breaker.IsHalfOpen);
        var opened = new TaskCompletionSource();
        breaker.OnOpen(() => opened.TrySetResult());

        await Assert.ThrowsAsync<TestFailure>(() => breaker.WithCircuitBreaker(Fail));

        await opened.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_retried_call_succeeds_if_one_of_its_attempts_does()
    {
        var calls = 0;

        var result = await RetrySupport.Retry(
            () => ++calls < 3 ? Task.FromException<int>(new TestFailure("not yet")) : Task.FromResult(7), 5, TimeSpan.FromMilliseconds(5), Sys.Scheduler);

        Assert.Equal(7, result);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_retried_call_fails_with_the_last_failure()
    {
        var calls = 0;

        await Assert.ThrowsAsync<TestFailure>(() => RetrySupport.Retry(
            () =>
            {
                calls++;
                return Task.FromException<int>(new TestFailure("never"));
            },
            2,
            TimeSpan.FromMilliseconds(5),
            Sys.Scheduler));

        Assert.True(calls is 2 or 3, $"It was tried {calls} times.");
    }

    private static Task<int> Succeed() => Task.FromResult(7);

    private static Task<int> Fail() => Task.FromException<int>(new TestFailure("call"));
}
