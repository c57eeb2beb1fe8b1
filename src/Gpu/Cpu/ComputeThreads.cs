using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>A piece of work that falls into independent items. An instance is reused from step to step.</summary>
internal abstract class ComputeWork
{
    /// <summary>Computes one item.</summary>
    /// <param name="item">Which one, from 0.</param>
    /// <param name="worker">The thread's number, from 0, to index memory that is one thread's own.</param>
    public abstract void Execute(int item, int worker);
}

/// <summary>
/// A fixed set of threads that share out the items of one <see cref="ComputeWork"/> after another. The caller takes
/// part; helpers spin for a moment after their last work, then sleep. Dispatching allocates nothing.
/// </summary>
/// <remarks>
/// One caller at a time. Items are drawn from a counter, so that a thread which the system holds up delays no more
/// than the item it is at. A helper that is late finds the work closed and is not waited for: with more threads than
/// free cores the caller does the rest itself.
/// </remarks>
internal sealed class ComputeThreads : IDisposable
{
    private const int OpenBit = 1;
    private const int HelperUnit = 2;
    private const int SpinsBeforeYield = 64;

    private static readonly long SpinTicks = Stopwatch.Frequency * 40 / 1_000_000;

    private readonly Thread[] _helpers;
    private readonly SemaphoreSlim[] _wakes;
    private readonly PaddedInt[] _parked;   // For each helper 1 from when it means to sleep until somebody owes it a wake.
    private ComputeWork? _work;
    private int _items;
    private PaddedInt _next;
    private PaddedInt _state;      // OpenBit while work may be joined, plus HelperUnit for each helper at work.
    private PaddedInt _dispatch;   // Counts dispatches; a helper joins each at most once.
    private PaddedInt _parkedCount;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stopping;

    /// <param name="count">Threads with the caller's, at least 1; the others take turns as long as its (<see cref="ThreadTurn"/>).</param>
    public ComputeThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Count = count;
        _helpers = new Thread[count - 1];
        _wakes = new SemaphoreSlim[count - 1];
        _parked = new PaddedInt[count - 1];
        var turn = ThreadTurn.Taken;
        for (var i = 0; i < _helpers.Length; i++)
        {
            var worker = i + 1;
            _wakes[i] = new SemaphoreSlim(0);
            _helpers[i] = new Thread(() =>
            {
                ThreadTurn.TryTake(turn);
                Help(worker);
            })
            { IsBackground = true, Name = $"compute-{worker}" };
            _helpers[i].Start();
        }
    }

    /// <summary>Threads, the caller's included.</summary>
    public int Count { get; }

    /// <summary>Helpers that sleep, and so cost nothing.</summary>
    public int Sleeping => Volatile.Read(ref _parkedCount.Value);

    /// <summary>Computes all items and returns when the last is done.</summary>
    /// <param name="parallel">False keeps all on the calling thread, for work smaller than the cost of sharing it.</param>
    /// <exception cref="Exception">Whatever an item threw; the remaining items were skipped.</exception>
    public void Run(ComputeWork work, int items, bool parallel = true)
    {
        if (!parallel || items <= 1 || _helpers.Length == 0)
        {
            for (var item = 0; item < items; item++) work.Execute(item, worker: 0);
            return;
        }

        _work = work;
        _items = items;
        Volatile.Write(ref _next.Value, 0);
        Interlocked.Increment(ref _dispatch.Value);
        Interlocked.Or(ref _state.Value, OpenBit);
        Wake(items - 1);
        Draw(worker: 0);
        Interlocked.And(ref _state.Value, ~OpenBit);
        AwaitHelpers();
        if (_failure is not null) Rethrow();
    }

    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        Interlocked.MemoryBarrier();
        Wake(_helpers.Length);
        foreach (var helper in _helpers) helper.Join();
        foreach (var wake in _wakes) wake.Dispose();
    }

    private void Draw(int worker)
    {
        try
        {
            for (var item = Interlocked.Increment(ref _next.Value) - 1; item < _items; item = Interlocked.Increment(ref _next.Value) - 1)
                _work!.Execute(item, worker);
        }
        catch (Exception exception)
        {
            // The caller rethrows it; the others find no more items.
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            Interlocked.Exchange(ref _next.Value, _items);
        }
    }

    private void AwaitHelpers()
    {
        for (var spins = 0; Volatile.Read(ref _state.Value) != 0; spins++)
        {
            if (spins < SpinsBeforeYield) Thread.SpinWait(20);
            else Thread.Yield();
        }
    }

    private void Rethrow()
    {
        var failure = _failure!;
        _failure = null;
        failure.Throw();
    }

    private void Help(int worker)
    {
        var seen = 0;
        while (!_stopping)
        {
            if (TryJoin(ref seen))
            {
                Draw(worker);
                Interlocked.Add(ref _state.Value, -HelperUnit);
                continue;
            }

            AwaitDispatch(worker, seen);
        }
    }

    private bool TryJoin(ref int seen)
    {
        var state = Volatile.Read(ref _state.Value);
        var dispatch = Volatile.Read(ref _dispatch.Value);
        if ((state & OpenBit) == 0 || dispatch == seen) return false;
        if (Interlocked.CompareExchange(ref _state.Value, state + HelperUnit, state) != state) return false;
        // The dispatch may have moved on between the reads; joined, it cannot, so this is the one that runs.
        seen = Volatile.Read(ref _dispatch.Value);
        return true;
    }

    /// <summary>Spins for a moment, then sleeps until woken.</summary>
    private void AwaitDispatch(int worker, int seen)
    {
        var deadline = Stopwatch.GetTimestamp() + SpinTicks;
        while (Stopwatch.GetTimestamp() < deadline)
        {
            for (var i = 0; i < 8; i++)
            {
                if (HasWork(seen) || _stopping) return;
                Thread.SpinWait(8);
            }
        }

        Park(worker, seen);
    }

    /// <summary>
    /// Sleeps until woken. Whoever takes the parked mark down decides: the helper itself goes on without sleeping, a
    /// waker owes exactly one release. So no wake is lost and none is left over.
    /// </summary>
    private void Park(int worker, int seen)
    {
        ref var parked = ref _parked[worker - 1].Value;
        Interlocked.Increment(ref _parkedCount.Value);
        Interlocked.Exchange(ref parked, 1);
        // Looking again after setting the mark: a dispatch before it could not have known to wake this thread.
        var cancelled = (HasWork(seen) || _stopping) && Interlocked.Exchange(ref parked, 0) == 1;
        if (!cancelled) _wakes[worker - 1].Wait();
        Interlocked.Decrement(ref _parkedCount.Value);
    }

    private void Wake(int wanted)
    {
        for (var i = 0; i < _helpers.Length && wanted > 0 && Volatile.Read(ref _parkedCount.Value) > 0; i++)
        {
            if (Volatile.Read(ref _parked[i].Value) == 0 || Interlocked.Exchange(ref _parked[i].Value, 0) == 0) continue;
            _wakes[i].Release();
            wanted--;
        }
    }

    private bool HasWork(int seen) =>
        (Volatile.Read(ref _state.Value) & OpenBit) != 0 && Volatile.Read(ref _dispatch.Value) != seen;
}
