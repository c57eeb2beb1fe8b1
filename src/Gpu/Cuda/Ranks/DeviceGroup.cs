using System.Diagnostics;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Native;
using ActorInference.Gpu.Ranks;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Ranks;

/// <summary>
/// The devices of a model's ranks, seen from one of them: what they bring together they do by themselves, by NCCL, each on its stream of compute, so that
/// it can be part of what is recorded. What waits for a rank that has ended would wait for ever; it is given up then. One thread a rank.
/// </summary>
internal sealed unsafe class DeviceGroup : IDisposable
{
    /// <summary>For the <see cref="RankGroup"/>, whose own buffers are not used.</summary>
    public const long BufferFloats = 1;

    private readonly CudaDevice _device;
    private readonly RankGroup _group;
    private readonly TimeSpan _deadline;
    private nint _communicator;

    /// <param name="device">This rank's.</param>
    /// <param name="group">By which the ranks know of each other; outlives this.</param>
    /// <param name="deadline">How long a rank is waited for within a step.</param>
    public DeviceGroup(CudaDevice device, RankGroup group, TimeSpan deadline) => (_device, _group, _deadline) = (device, group, deadline);

    public int Rank => _group.Rank;

    public int Ranks => _group.Ranks;

    /// <summary>Why devices cannot meet here; null if they can.</summary>
    public static string? Missing => Nccl.Missing;

    /// <summary>Writes down for the other ranks where to meet; at rank 0, before they begin.</summary>
    /// <exception cref="CudaLibraryException">NCCL refuses.</exception>
    public static void Invite(RankGroup group)
    {
        Check(Nccl.GetUniqueId(out var id), "ncclGetUniqueId");
        new ReadOnlySpan<byte>(id.Bytes, Nccl.UniqueIdBytes).CopyTo(new Span<byte>(group.Memory.Meeting, RankMemory.MeetingBytes));
    }

    /// <summary>Meets the other ranks' devices, which have to come too.</summary>
    /// <param name="deadline">Null to wait for as long as the group lives.</param>
    /// <exception cref="RankFailedException">One has ended, or has not come in time.</exception>
    /// <exception cref="OperationCanceledException">At another rank than 0: the model is given up.</exception>
    /// <exception cref="CudaLibraryException">NCCL refuses.</exception>
    public void Meet(TimeSpan? deadline)
    {
        _device.Enter();
        Nccl.UniqueId id = default;
        new ReadOnlySpan<byte>(_group.Memory.Meeting, RankMemory.MeetingBytes).CopyTo(new Span<byte>(id.Bytes, Nccl.UniqueIdBytes));
        var config = Nccl.Config.WithoutBlocking();
        Settle(Nccl.Join(out _communicator, Ranks, id, Rank, &config), "ncclCommInitRankConfig", deadline);
    }

    /// <summary>Has each number become the sum of all ranks'.</summary>
    /// <param name="floats">Address; overwritten.</param>
    public void Sum(ulong floats, long count) => Settle(
        Nccl.AllReduce(floats, floats, (nuint)count, Nccl.DataType.F32, Nccl.SumOperation, Communicator, _device.Stream.Pointer), "ncclAllReduce", _deadline);

    /// <summary>Brings as many numbers of each rank to all of them.</summary>
    /// <param name="mine">Address.</param>
    /// <param name="all">Address, shape <c>[ranks, count]</c>.</param>
    public void Gather(ulong mine, ulong all, long count) => Settle(
        Nccl.AllGather(mine, all, (nuint)count, Nccl.DataType.F32, Communicator, _device.Stream.Pointer), "ncclAllGather", _deadline);

    /// <summary>Brings rank 0's numbers to the others.</summary>
    /// <param name="ints">Address; overwritten there.</param>
    public void Tell(ulong ints, long count) => Settle(
        Nccl.Broadcast(ints, ints, (nuint)count, Nccl.DataType.Int32, 0, Communicator, _device.Stream.Pointer), "ncclBroadcast", _deadline);

    /// <summary>Waits for a point of what was launched, which other ranks may never let come.</summary>
    /// <exception cref="RankFailedException">A rank has ended, or does not answer in time. Nothing that was launched uses pages any more.</exception>
    /// <exception cref="OperationCanceledException">At another rank than 0: the model is given up.</exception>
    public void Wait(CudaEvent point)
    {
        try
        {
            var (started, spin) = (Stopwatch.GetTimestamp(), new SpinWait());
            while (!_device.IsReached(point))
            {
                Look();
                if (Stopwatch.GetElapsedTime(started) > _deadline) throw Late(_deadline);
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
        catch (Exception failure) when (failure is RankFailedException or OperationCanceledException)
        {
            GiveUp();
            throw;
        }
    }

    /// <summary>As <see cref="Wait"/>, but returns when a rank has failed too: the next step says so.</summary>
    public void Finish(CudaEvent point)
    {
        try
        {
            if (_communicator != 0) Wait(point);
        }
        catch (Exception failure) when (failure is RankFailedException or OperationCanceledException)
        {
            Debug.Assert(_communicator == 0, "It was given up.");
        }
    }

    /// <summary>Looks whether the other ranks are there yet.</summary>
    /// <exception cref="RankFailedException">One is not.</exception>
    /// <exception cref="OperationCanceledException">At another rank than 0: the model is given up.</exception>
    /// <returns>Whether what was called last is taken.</returns>
    public bool Look()
    {
        _group.ThrowIfEnded();
        Check(Nccl.GetState(Communicator, out var state), "ncclCommGetAsyncError");
        return state switch
        {
            Nccl.Success => true,
            Nccl.InProgress => false,
            _ => throw _group.Lost(Other, $"The ranks' devices do not reach each other: NCCL says {Nccl.Text(state)}."),
        };
    }

    /// <summary>Ends what waits for other ranks, without a result; from then on nothing is brought together.</summary>
    /// <exception cref="CudaHungException">It does not end.</exception>
    public void GiveUp()
    {
        if (_communicator == 0) return;
        var communicator = _communicator;
        _communicator = 0;
        _ = Nccl.Abort(communicator);   // Whatever it says, there is nothing else to be done with it.
        if (_device.IsLost) return;
        _device.Enter();
        _device.Synchronize();
    }

    public void Dispose() => GiveUp();

    private nint Communicator => _communicator != 0 ? _communicator : throw Ended();

    /// <summary>The rank to be named where it could be any: with two it is the other one.</summary>
    private int Other => Rank == 0 ? 1 : 0;

    private OperationCanceledException Ended()
    {
        _group.ThrowIfEnded();
        return new OperationCanceledException("The ranks' devices meet no more.");
    }

    private void Settle(int status, string call, TimeSpan? deadline)
    {
        if (status != Nccl.Success) SettleSlowly(status, call, deadline);
    }

    /// <summary>Waits until NCCL has taken a call.</summary>
    private void SettleSlowly(int status, string call, TimeSpan? deadline)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            if (status != Nccl.InProgress) Check(status, call);
            while (!Look())
            {
                if (deadline is { } limit && Stopwatch.GetElapsedTime(started) > limit) throw Late(limit);
                Thread.Yield();
            }
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    private RankFailedException Late(TimeSpan deadline)
    {
        // All that go on wait for the same one; it may not have read that there is a step.
        var rank = Other;
        for (var other = 1; Rank == 0 && other < Ranks; other++)
        {
            if (Volatile.Read(ref *_group.Memory.Consumed(other)) != Volatile.Read(ref *_group.Memory.Published)) rank = other;
        }

        return _group.Lost(rank, $"Rank {rank} has not answered within {deadline.TotalSeconds:0.#} s.");
    }

    private static void Check(int status, string call)
    {
        if (status != Nccl.Success) throw new CudaLibraryException($"{call} of NCCL answers {Nccl.Text(status)}.");
    }
}
