using System.Collections;
using System.Runtime.CompilerServices;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>The next message; null if none comes.</summary>
    /// <param name="max">Default: <see cref="RemainingOrDefault"/>. Zero looks without waiting.</param>
    public object ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) => Wait(ReceiveOneAsync(max, cancellationToken));

    public async ValueTask<object> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await NextAsync(max, cancellationToken)).Message;

    public bool TryReceiveOne(out MessageEnvelope envelope, TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        envelope = Wait(NextAsync(max, cancellationToken));
        return envelope is not NullMessageEnvelope;
    }

    public async ValueTask<(bool success, MessageEnvelope envelope)> TryReceiveOneAsync(TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var envelope = await NextAsync(max, cancellationToken);
        return (envelope is not NullMessageEnvelope, envelope);
    }

    /// <summary>The next message, which stays the next; null if none comes.</summary>
    public object PeekOne(TimeSpan? max = null, CancellationToken cancellationToken = default) => Wait(PeekOneAsync(max, cancellationToken));

    public object PeekOne(CancellationToken cancellationToken) => PeekOne(Timeout.InfiniteTimeSpan, cancellationToken);

    public async ValueTask<object> PeekOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await PeekAsync(max, cancellationToken)).Message;

    public ValueTask<object> PeekOneAsync(CancellationToken cancellationToken) => PeekOneAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    public bool TryPeekOne(out MessageEnvelope envelope, TimeSpan? max, CancellationToken cancellationToken)
    {
        envelope = Wait(PeekAsync(max, cancellationToken));
        return envelope is not NullMessageEnvelope;
    }

    public async ValueTask<(bool success, MessageEnvelope envelope)> TryPeekOneAsync(TimeSpan? max, CancellationToken cancellationToken)
    {
        var envelope = await PeekAsync(max, cancellationToken);
        return (envelope is not NullMessageEnvelope, envelope);
    }

    /// <summary>Exactly so many messages.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        Wait(Collect(ReceiveNAsync(numberOfMessages, cancellationToken)));

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        Wait(Collect(ReceiveNAsync(numberOfMessages, max, cancellationToken)));

    public IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveManyAsync(numberOfMessages, RemainingOrDefault, cancellationToken);

    /// <param name="max">For all of them together.</param>
    public IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        ReceiveManyAsync(numberOfMessages, Dilated(max), cancellationToken);

    /// <summary>Messages for as long as the function makes something of them. The one that it returns null for stays the next.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(
        TimeSpan? max, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, null, msgs, cancellationToken);

    public IReadOnlyList<T> ReceiveWhile<T>(
        TimeSpan? max, TimeSpan? idle, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, idle, msgs, cancellationToken);

    /// <param name="max">Over all. Default: <see cref="RemainingOrDefault"/>.</param>
    /// <param name="idle">Between two messages. Default: without limit.</param>
    public IReadOnlyList<T> ReceiveWhile<T>(
        Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => Wait(Collect(ReceiveWhileAsync(filter, max, idle, msgs, cancellationToken)));

    /// <summary>Messages of the type for as long as the predicate says yes. The one that ends it stays the next.</summary>
    /// <param name="shouldIgnoreOtherMessageTypes">Whether messages of other types are dropped, rather than ending it.</param>
    public IReadOnlyList<T> ReceiveWhile<T>(
        Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue,
        bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
        where T : class => Wait(Collect(ReceiveWhileAsync(shouldContinue, max, idle, msgs, shouldIgnoreOtherMessageTypes, cancellationToken)));

    public IAsyncEnumerable<T> ReceiveWhileAsync<T>(
        TimeSpan? max, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhileAsync(filter, max, null, msgs, cancellationToken);

    public IAsyncEnumerable<T> ReceiveWhileAsync<T>(
        TimeSpan? max, TimeSpan? idle, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhileAsync(filter, max, idle, msgs, cancellationToken);

    public IAsyncEnumerable<T> ReceiveWhileAsync<T>(
        Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => TakeWhileAsync<T>(
            message => filter(message) is { } made ? (true, made) : (false, null), max, idle, msgs, cancellationToken);

    public IAsyncEnumerable<T> ReceiveWhileAsync<T>(
        Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue,
        bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
        where T : class => TakeWhileAsync<T>(
            message => message is T expected ? (shouldContinue(expected), expected) : (shouldIgnoreOtherMessageTypes, null), max, idle, msgs, cancellationToken);

    /// <summary>Drops messages until one fits.</summary>
    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage(isMessage, null, max, hint, cancellationToken);

    /// <param name="allMessages">Cleared, then given all messages that were dropped.</param>
    public T FishForMessage<T>(
        Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        Wait(FishForMessageAsync(isMessage, allMessages, max, hint, cancellationToken));

    public ValueTask<object> FishForMessageAsync(
        Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync<object>(isMessage, max, hint, cancellationToken);

    public ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync(isMessage, null, max, hint, cancellationToken);

    public async ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var time = RemainingOrDilated(max);
        var stop = Clock + time;
        allMessages?.Clear();
        while (true)
        {
            var envelope = await TakeAsync(stop - Clock, cancellationToken);
            if (envelope is NullMessageEnvelope) throw Failed($"Timeout ({time}) during fishForMessage{(string.IsNullOrEmpty(hint) ? "" : $", hint: {hint}")}");
            if (envelope.Message is T message && isMessage(message)) return message;
            allMessages?.Add(envelope.Message);
        }
    }

    /// <summary>Drops messages up to and including one of the type.</summary>
    public async Task FishUntilMessageAsync<T>(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        await FishForMessageAsync<T>(_ => true, max, $"a message of type {typeof(T)}", cancellationToken);

    /// <summary>Drops messages until none comes for a while, and returns them.</summary>
    /// <param name="max">How long nothing must come.</param>
    /// <param name="maxMessages">Fails if more come.</param>
    public async Task<ArrayList> WaitForRadioSilenceAsync(TimeSpan? max = null, uint? maxMessages = null, CancellationToken cancellationToken = default)
    {
        var dropped = new ArrayList();
        while (true)
        {
            var envelope = await TakeAsync(RemainingOrDilated(max), cancellationToken);
            if (envelope is NullMessageEnvelope) return dropped;
            dropped.Add(envelope.Message);
            if (dropped.Count > maxMessages) throw Failed($"Radio silence expected, but more than {maxMessages} messages came.");
        }
    }

    private static async ValueTask<List<T>> Collect<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items) list.Add(item);
        return list;
    }

    private async IAsyncEnumerable<object> ReceiveManyAsync(int count, TimeSpan max, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stop = Clock + max;
        for (var received = 0; received < count; received++)
        {
            var envelope = await TakeAsync(stop - Clock, cancellationToken);
            if (envelope is NullMessageEnvelope) throw Failed($"Timeout ({max}) while expecting {count} messages. Only got {received}.");
            yield return envelope.Message;
        }
    }

    private async IAsyncEnumerable<T> TakeWhileAsync<T>(
        Func<object, (bool GoesOn, T Made)> judge, TimeSpan? max, TimeSpan? idle, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var stop = Clock + RemainingOrDilated(max);
        for (var taken = 0; taken < count;)
        {
            var left = stop - Clock;
            var next = await PeekAsync(idle < left ? idle : left, cancellationToken);
            if (next is NullMessageEnvelope) break;
            var (goesOn, made) = judge(next.Message);
            if (!goesOn) break;
            await TakeAsync(TimeSpan.Zero, cancellationToken);
            if (made is null) continue;   // Of another type, and ignored.
            taken++;
            yield return made;
        }

        _lastWasNoMessage = true;
    }

    /// <summary>As <see cref="TakeAsync"/>, with a time as tests give it.</summary>
    private ValueTask<MessageEnvelope> NextAsync(TimeSpan? max, CancellationToken cancellationToken) =>
        TakeAsync(max is null ? RemainingOrDefault : Dilated(max.Value), cancellationToken);

    /// <summary>The next message, from now on the last; the null envelope if none comes.</summary>
    private async ValueTask<MessageEnvelope> TakeAsync(TimeSpan max, CancellationToken cancellationToken)
    {
        _lastWasNoMessage = false;
        _last = await IsThereAsync(max, cancellationToken) && _received.Reader.TryRead(out var next) ? next : NullMessageEnvelope.Instance;
        return _last;
    }

    private async ValueTask<MessageEnvelope> PeekAsync(TimeSpan? max, CancellationToken cancellationToken)
    {
        var there = await IsThereAsync(max is null ? RemainingOrDefault : Dilated(max.Value), cancellationToken);
        return there && _received.Reader.TryPeek(out var next) ? next : NullMessageEnvelope.Instance;
    }

    private async ValueTask<bool> IsThereAsync(TimeSpan max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_received.Reader.TryPeek(out _)) return true;
        if (max <= TimeSpan.Zero && max != Timeout.InfiniteTimeSpan) return false;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(max);
        try
        {
            return await _received.Reader.WaitToReadAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
