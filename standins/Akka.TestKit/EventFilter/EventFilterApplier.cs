using Akka.Actor;
using Akka.TestKit.Internal;
using Akka.TestKit.TestEvent;

namespace Akka.TestKit;

/// <summary>Puts filters in place, counts what they match, and takes them away.</summary>
internal sealed class EventFilterApplier(TestKitBase testKit, ActorSystem system, IReadOnlyList<EventFilterBase> filters)
    : IEventFilterApplier
{
    public EventFilterFactory And => new(testKit, system, filters);

    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Wait(ExpectAsync(1, null, Later(action), cancellationToken));

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Wait(ExpectAsync(1, timeout, Later(action), cancellationToken));

    public T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default) => Wait(ExpectAsync(1, null, Later(func), cancellationToken));

    public T ExpectOne<T>(TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default) =>
        Wait(ExpectAsync(1, timeout, Later(func), cancellationToken));

    public Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        ExpectAsync(1, null, Later(actionAsync), cancellationToken);

    public Task ExpectOneAsync(Action action, CancellationToken cancellationToken = default) => ExpectAsync(1, null, Later(action), cancellationToken);

    public Task ExpectOneAsync(TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) =>
        ExpectAsync(1, timeout, Later(action), cancellationToken);

    public Task<T> ExpectOneAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default) => ExpectAsync(1, null, func, cancellationToken);

    public Task<T> ExpectOneAsync<T>(TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        ExpectAsync(1, (TimeSpan?)timeout, func, cancellationToken);

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) =>
        Wait(ExpectAsync(expectedCount, null, Later(action), cancellationToken));

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Wait(ExpectAsync(expectedCount, timeout, Later(action), cancellationToken));

    public T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default) =>
        Wait(ExpectAsync(expectedCount, null, Later(func), cancellationToken));

    public T Expect<T>(int expectedCount, TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default) =>
        Wait(ExpectAsync(expectedCount, timeout, Later(func), cancellationToken));

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        ExpectAsync(expectedCount, null, Later(actionAsync), cancellationToken);

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        ExpectAsync(expectedCount, timeout, Later(actionAsync), cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) =>
        ExpectAsync(expectedCount, timeout, Later(action), cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        ExpectAsync(expectedCount, timeout, Later(action), cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        ExpectAsync(expectedCount, null, func, cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        ExpectAsync(expectedCount, (TimeSpan?)timeout, func, cancellationToken);

    public void Mute(Action action, CancellationToken cancellationToken = default)
    {
        using var muted = Mute();
        action();
    }

    public T Mute<T>(Func<T> func, CancellationToken cancellationToken = default)
    {
        using var muted = Mute();
        return func();
    }

    public Task MuteAsync(Func<Task> action, CancellationToken cancellationToken = default) => MuteAsync(Later(action), cancellationToken);

    public Task MuteAsync(Action action, CancellationToken cancellationToken = default) => MuteAsync(Later(action), cancellationToken);

    public async Task<T> MuteAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default)
    {
        using var muted = Mute();
        return await func().WaitAsync(cancellationToken);
    }

    public IUnmutableFilter Mute() => new Muted(system, filters);

    private static Func<Task<object>> Later(Func<Task> action) => async () =>
    {
        await action();
        return null;
    };

    private static Func<Task<object>> Later(Action action) => Later<object>(() =>
    {
        action();
        return null;
    });

    private static Func<Task<T>> Later<T>(Func<T> func) => () => Task.FromResult(func());

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private async Task<T> ExpectAsync<T>(int expected, TimeSpan? timeout, Func<Task<T>> action, CancellationToken cancellationToken)
    {
        var leeway = timeout is { } given ? testKit.Dilated(given) : testKit.TestKitSettings.TestEventFilterLeeway;
        var counter = new Counter();
        foreach (var filter in filters) filter.Matched += counter.Count;
        try
        {
            using var muted = Mute();
            var result = await action();
            var came = await testKit.AwaitConditionNoThrowAsync(
                () => expected == 0 ? counter.Value > 0 : counter.Value >= expected, leeway, null, cancellationToken);
            if (came) await SeeTheRestAsync(leeway, cancellationToken);
            Check(expected, counter.Value, leeway);
            return result;
        }
        finally
        {
            foreach (var filter in filters) filter.Matched -= counter.Count;
        }
    }

    /// <summary>One too many may be right behind.</summary>
    private Task SeeTheRestAsync(TimeSpan leeway, CancellationToken cancellationToken)
    {
        var flush = new Flush();
        system.EventStream.Publish(flush);
        return flush.Seen.WaitAsync(leeway, cancellationToken);
    }

    private void Check(int expected, int count, TimeSpan leeway)
    {
        var what = $"matched filter [{string.Join(" or ", filters)}]";
        if (count < expected)
        {
            var hint = system.Settings.Loggers.Any(logger => logger.Contains(nameof(TestEventListener), StringComparison.Ordinal))
                ? ""
                : ". akka.loggers does not name Akka.TestKit.TestEventListener, without which no filter sees anything";
            testKit.Framework.Fail("{0}", $"Timeout ({leeway}) while waiting for messages. Only received {count}/{expected} messages that {what}{hint}");
        }

        if (count > expected) testKit.Framework.Fail("{0}", $"Received {count - expected} too many: expected {expected}, but {count} {what}");
    }

    private sealed class Counter
    {
        private int _value;

        public int Value => Volatile.Read(ref _value);

        public void Count() => Interlocked.Increment(ref _value);
    }

    private sealed class Muted : IUnmutableFilter
    {
        private readonly ActorSystem _system;
        private readonly IReadOnlyList<EventFilterBase> _filters;

        public Muted(ActorSystem system, IReadOnlyList<EventFilterBase> filters)
        {
            (_system, _filters) = (system, filters);
            // On the same way as the events, so that the filters are in place for all that are published from here on.
            system.EventStream.Publish(new Mute([.. filters]));
        }

        public void Unmute() => _system.EventStream.Publish(new Unmute([.. _filters]));

        public void Dispose() => Unmute();
    }
}
