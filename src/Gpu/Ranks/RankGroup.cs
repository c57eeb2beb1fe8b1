using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Ranks;

/// <summary>
/// The ranks of one model, seen from one of them. They meet in exchanges: each writes numbers into its buffer, and when all have, each
/// reads those of all. Waiting is spinning for a moment, then sleeping. One thread a rank.
/// </summary>
/// <remarks>
/// There are two buffers for each rank, used in turn, so that one barrier an exchange is enough: a rank that has passed the next
/// exchange knows that the others have read what it wrote before it.
/// </remarks>
public sealed unsafe class RankGroup : IDisposable
{
    private const int Running = 0;
    private const int Stopping = 1;
    private const int Failed = 2;

    private static readonly long SpinTicks = Stopwatch.Frequency * 40 / 1_000_000;

    /// <summary>A sleeper looks again so often, whether it was woken or not.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200);

    private readonly SharedSegment _segment;
    private readonly TimeSpan _deadline;
    private RankFailedException? _failure;
    private int _turn;

    private RankGroup(SharedSegment segment, int rank, int ranks, long bufferFloats, TimeSpan deadline)
    {
        (_segment, Rank, Ranks, BufferFloats, _deadline) = (segment, rank, ranks, bufferFloats, deadline);
        Memory = new RankMemory(segment, ranks, bufferFloats);
    }

    /// <summary>Whether this system can have ranks: it needs shared memory and a way to sleep on it.</summary>
    public static bool IsSupported => SharedSegment.Folder is not null && Futex.IsSupported;

    /// <summary>From 0, which says what is computed.</summary>
    public int Rank { get; }

    public int Ranks { get; }

    /// <summary>Numbers in a buffer.</summary>
    public long BufferFloats { get; }

    /// <summary>The segment, for the other ranks to <see cref="Join"/>.</summary>
    public string Path => _segment.Path;

    internal RankMemory Memory { get; }

    /// <summary>What this rank writes for the next exchange. Shape <c>[BufferFloats]</c>.</summary>
    internal float* Mine => Memory.Buffer(Rank, _turn + 1);

    /// <summary>Makes the memory; the caller is rank 0 and disposes it when the others have ended.</summary>
    /// <param name="ranks">1 to <see cref="ModelShard.MaxRanks"/>.</param>
    /// <param name="bufferFloats">Numbers of one exchange at most.</param>
    /// <param name="deadline">How long a rank waits for another within a step.</param>
    /// <exception cref="SharedMemoryException">There is not that much shared memory.</exception>
    public static RankGroup Create(int ranks, long bufferFloats, TimeSpan deadline)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranks, ModelShard.MaxRanks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bufferFloats);
        var segment = SharedSegment.Create(RankMemory.LengthBytes(ranks, bufferFloats));
        var group = new RankGroup(segment, 0, ranks, bufferFloats, deadline);
        group.Memory.WriteMark();
        return group;
    }

    /// <summary>Joins as another rank.</summary>
    /// <param name="path">As rank 0 has it.</param>
    /// <exception cref="IOException">The memory is not there, or was made for another model or by another version.</exception>
    public static RankGroup Join(string path, int rank, int ranks, long bufferFloats, TimeSpan deadline)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, ranks);
        var group = new RankGroup(SharedSegment.OpenForWriting(path, RankMemory.LengthBytes(ranks, bufferFloats)), rank, ranks, bufferFloats, deadline);
        if (group.Memory.HasMark()) return group;
        group.Dispose();
        throw new IOException($"{path} is not the memory of {ranks} ranks of this model by this version of the program.");
    }

    /// <summary>Lets rank 0 know that this one takes part from now on.</summary>
    public void MarkReady()
    {
        Volatile.Write(ref *Memory.Ready(Rank), 1);
        Signal();
    }

    /// <summary>Waits until every other rank takes part.</summary>
    /// <exception cref="RankFailedException">One has ended, or is not there in time.</exception>
    public void AwaitReady(TimeSpan deadline)
    {
        var started = Stopwatch.GetTimestamp();
        for (var rank = 1; rank < Ranks; rank++)
        {
            var rest = deadline - Stopwatch.GetElapsedTime(started);
            if (!TryAwait(Memory.Ready(rank), 1, rest)) throw Lost(rank, $"Rank {rank} has not loaded its part of the model within {deadline.TotalSeconds:0.#} s.");
        }
    }

    /// <summary>Waits until all ranks have written what they have for this exchange.</summary>
    /// <exception cref="RankFailedException">At rank 0: one has ended, or does not answer in time.</exception>
    /// <exception cref="OperationCanceledException">At another rank: the model is given up.</exception>
    internal void Exchange()
    {
        _turn++;
        Volatile.Write(ref *Memory.Arrived(Rank), _turn);
        Signal();
        for (var rank = 0; rank < Ranks; rank++)
        {
            if (!TryAwait(Memory.Arrived(rank), _turn, _deadline)) throw Lost(rank, $"Rank {rank} has not answered within {_deadline.TotalSeconds:0.#} s.");
        }
    }

    /// <summary>What a rank wrote for the last exchange; valid until this rank enters the next.</summary>
    internal float* Of(int rank) => Memory.Buffer(rank, _turn);

    /// <summary>Waits until a counter has come to a value.</summary>
    /// <param name="deadline">Null to wait for as long as the group lives.</param>
    /// <returns>False if it has not in time.</returns>
    internal bool TryAwait(int* counter, int target, TimeSpan? deadline)
    {
        if (HasReached(counter, target)) return true;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - started < SpinTicks)
        {
            for (var i = 0; i < 8; i++)
            {
                if (HasReached(counter, target)) return true;
                Thread.SpinWait(8);
            }
        }

        while (true)
        {
            SleepUnless(counter, target);
            if (HasReached(counter, target)) return true;
            ThrowIfEnded();
            if (deadline is { } limit && Stopwatch.GetElapsedTime(started) > limit) return false;
        }
    }

    /// <summary>Wakes whoever sleeps, to look at what has changed.</summary>
    internal void Signal()
    {
        // What changed is to be seen by those who are not counted yet: they look again after they are.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref *Memory.Sleepers) == 0) return;
        Interlocked.Increment(ref *Memory.Bell);
        Futex.WakeAll(Memory.Bell);
    }

    /// <exception cref="RankFailedException">A rank has failed.</exception>
    /// <exception cref="OperationCanceledException">The model is given up.</exception>
    internal void ThrowIfEnded()
    {
        if (Volatile.Read(ref *Memory.State) == Running) return;
        if (Volatile.Read(ref _failure) is { } failure) throw failure;
        throw new OperationCanceledException("The model that this rank has a part of is given up.");
    }

    /// <summary>Whether rank 0 has ended the group in order.</summary>
    public bool IsStopping => Volatile.Read(ref *Memory.State) == Stopping;

    /// <summary>Whether the model was given up because of a rank; known at rank 0.</summary>
    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Gives the model up because of a rank: whoever waits is told. At rank 0 only, from any thread.</summary>
    public void Fail(RankFailedException reason)
    {
        Interlocked.CompareExchange(ref _failure, reason, null);
        Interlocked.CompareExchange(ref *Memory.State, Failed, Running);
        Signal();
    }

    /// <summary>Ends the other ranks.</summary>
    public void Stop()
    {
        Interlocked.Exchange(ref *Memory.State, Stopping);
        Signal();
    }

    public void Dispose() => _segment.Dispose();

    /// <summary>What is to be thrown for a rank that is lost; at rank 0 the model is given up because of it.</summary>
    internal RankFailedException Lost(int rank, string what)
    {
        var failure = new RankFailedException(rank, what);
        if (Rank == 0) Fail(failure);
        return failure;
    }

    /// <summary>Sleeps until a signal that came after the counter was looked at, but not for long.</summary>
    private void SleepUnless(int* counter, int target)
    {
        Interlocked.Increment(ref *Memory.Sleepers);
        var bell = Volatile.Read(ref *Memory.Bell);
        if (!HasReached(counter, target) && Volatile.Read(ref *Memory.State) == Running) Futex.Wait(Memory.Bell, bell, Slice);
        Interlocked.Decrement(ref *Memory.Sleepers);
    }

    private static bool HasReached(int* counter, int target) => Volatile.Read(ref *counter) - target >= 0;
}
