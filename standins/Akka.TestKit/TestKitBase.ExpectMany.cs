using System.Runtime.CompilerServices;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>Fails if a message comes within the default time of one expectation.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) => Wait(ExpectNoMsgAsync(cancellationToken));

    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) => Wait(ExpectNoMsgAsync(duration, cancellationToken));

    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) => Wait(ExpectNoMsgAsync(milliseconds, cancellationToken));

    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) => ExpectNothingAsync(RemainingOrDefault, cancellationToken);

    public ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default) =>
        ExpectNothingAsync(Dilated(duration), cancellationToken);

    public ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsgAsync(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    /// <summary>The next message is one of these.</summary>
    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAnyOfAsync(messages, cancellationToken));

    public ValueTask<T> ExpectMsgAnyOfAsync<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default)
    {
        var expected = messages.ToList();
        return ExpectAsync<T>(
            null, null, (actual, _) => _assertions.AssertTrue(expected.Contains(actual), "{0}", $"not found [{actual}] among [{Join(expected)}]"), cancellationToken);
    }

    /// <summary>As many messages as these, and each of these among them, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) => ExpectMsgAllOf((IReadOnlyCollection<T>)messages);

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        Wait(Collect(ExpectMsgAllOfAsync(messages, cancellationToken)));

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages) => ExpectMsgAllOf(max, (IReadOnlyCollection<T>)messages);

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        Wait(Collect(ExpectMsgAllOfAsync(max, messages, cancellationToken)));

    public IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        ExpectAllAsync(RemainingOrDefault, messages, cancellationToken);

    public IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        ExpectAllAsync(Dilated(max), messages, cancellationToken);

    private static string Join<T>(IEnumerable<T> items) => string.Join(", ", items);

    private async ValueTask ExpectNothingAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var start = Clock;
        var envelope = await TakeAsync(duration, cancellationToken);
        if (envelope is not NullMessageEnvelope)
            throw Failed($"Expected no messages during {duration}, instead we received {envelope} after {Clock - start}");
        _lastWasNoMessage = true;
    }

    private async IAsyncEnumerable<T> ExpectAllAsync<T>(
        TimeSpan max, IReadOnlyCollection<T> messages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var received = await Collect(ReceiveManyAsync(messages.Count, max, cancellationToken));
        var missing = messages.Where(expected => !received.Any(actual => Equals(expected, actual))).ToList();
        var unexpected = received.Where(actual => !messages.Any(expected => Equals(expected, actual))).ToList();
        if (missing.Count > 0 || unexpected.Count > 0) throw Failed($"not found [{Join(missing)}] found unexpected [{Join(unexpected)}]");
        foreach (var message in received) yield return (T)message;
    }
}
