using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;

namespace ActorInference.Gpu.Cuda.Ranks;

/// <summary>
/// A model divided over devices, seen from rank 0: has the others' processes launch each step too, each its heads and columns, and has the logits.
/// As <see cref="RankedRunner"/> over processors, but the devices bring their numbers together by themselves.
/// </summary>
public sealed class RankedCudaRunner : ISamplingRunner, IRunnerWithParts
{
    private readonly RankGroup _group;
    private readonly DeviceGroup _devices;
    private readonly RankProcesses _others;
    private readonly CudaModelRunner _own;
    private readonly StepWriter _steps;

    private RankedCudaRunner(RankGroup group, DeviceGroup devices, RankProcesses others, CudaModelRunner own, TimeSpan deadline)
    {
        (_group, _devices, _others, _own) = (group, devices, others, own);
        _steps = new StepWriter(group, own.Pages.Layout, deadline);
    }

    public int VocabSize => _own.VocabSize;

    public int MaxContextTokens => _own.MaxContextTokens;

    public int MaxBatchTokens => _own.MaxBatchTokens;

    public KvPagePool Pages => _own.Pages;

    public Task<Exception> Lost => _others.Lost;

    /// <summary>Steps that are recorded.</summary>
    public int RecordedSteps => _own.RecordedSteps;

    /// <summary>Why a model cannot be divided over devices of this machine; null if it can.</summary>
    /// <param name="machine">What there is.</param>
    /// <param name="first">Rank 0's device; the others' are those after it.</param>
    public static string? Missing(CudaMachine machine, int first, int ranks)
    {
        if (DeviceGroup.Missing is { } missing) return missing;
        for (var index = first; index < first + ranks; index++)
        {
            var device = machine.Devices.FirstOrDefault(device => device.Index == index);
            if (device is null) return $"{ranks} ranks from cuda:{first} on need as many devices; this machine has {machine.Devices.Count}";
            if (device.Unusable is { } reason) return $"cuda:{index}, of rank {index - first}, cannot be used: {reason}";
        }

        return null;
    }

    /// <summary>Starts the other ranks as processes, and waits until they have loaded their parts and the devices have met.</summary>
    /// <param name="weights">What rank 0 has of the model.</param>
    /// <param name="pool">Over a <see cref="RankedPoolMemory"/>.</param>
    /// <param name="memory">The pool's.</param>
    /// <param name="options">Of every rank.</param>
    /// <param name="ranks">How the others are started, and waited for.</param>
    /// <exception cref="ArgumentException">The steps of ranks are recorded; the options say no.</exception>
    /// <exception cref="RankFailedException">One has ended, or is not there in time. None is left.</exception>
    /// <exception cref="CudaLibraryException">NCCL refuses, or a kernel does not compile. No rank is left.</exception>
    /// <exception cref="Actors.Kv.SharedMemoryException">There is no shared memory for them.</exception>
    public static RankedCudaRunner Start(CudaWeights weights, KvPagePool pool, RankedPoolMemory memory, CudaRunnerOptions options, RankOptions ranks)
    {
        // All ranks have to launch alike.
        if (!options.UseGraphs) throw new ArgumentException("The ranks' steps are recorded; UseGraphs must be true.", nameof(options));
        var shard = weights.Shard;
        var group = RankGroup.Create(shard.Ranks, DeviceGroup.BufferFloats, ranks.StepDeadline);
        var devices = new DeviceGroup(weights.Device, group, ranks.StepDeadline);
        RankProcesses? others = null;
        CudaModelRunner? own = null;
        try
        {
            DeviceGroup.Invite(group);
            others = new RankProcesses(group, rank => ranks.Program(Invitation(rank, shard, group, pool, memory, weights.Device.Index, options, ranks.StepDeadline)));
            own = new CudaModelRunner(weights, pool, options, devices);
            group.AwaitReady(ranks.StartDeadline);
            devices.Meet(ranks.StartDeadline);
            return new RankedCudaRunner(group, devices, others, own, ranks.StepDeadline);
        }
        catch
        {
            others?.End(TimeSpan.Zero);
            devices.Dispose();
            own?.Dispose();
            group.Dispose();
            throw;
        }
    }

    public void Forward(ForwardBatch batch)
    {
        _group.ThrowIfEnded();
        if (_own.StepsUnderWay > 0) throw new InvalidOperationException("A step is under way that was not waited for.");
        Launch(batch);
        Wait();
    }

    public void Launch(ForwardBatch batch)
    {
        // A batch that is refused must not have been told to the others.
        _own.CheckLaunch(batch);
        _group.ThrowIfEnded();
        try
        {
            _steps.Write(batch);
            _own.Launch(batch);
        }
        catch
        {
            End();
            throw;
        }
    }

    public void Wait()
    {
        try
        {
            _own.Wait();
        }
        catch (Exception failure) when (failure is not InvalidOperationException)
        {
            End();
            throw;
        }
    }

    public int Token(int index, int nth = 0) => _own.Token(index, nth);

    public Span<float> Logits(int index, int nth = 0) => _own.Logits(index, nth);

    public void Finish()
    {
        _own.Finish();
        // Pages go to somebody else when this returns: no rank writes to them any more.
        if (_group.HasFailed) End();
    }

    public void Discard()
    {
        _own.Discard();
        if (_group.HasFailed) End();
    }

    public void Dispose()
    {
        try
        {
            _others.End(_group.HasFailed ? TimeSpan.Zero : RankProcesses.EndDeadline);
            _devices.Dispose();
        }
        finally
        {
            _own.Dispose();
            _group.Dispose();
        }
    }

    /// <summary>Ends the other ranks, and what waits for them here.</summary>
    private void End()
    {
        _others.End(TimeSpan.Zero);
        _devices.GiveUp();
    }

    private static RankInvitation Invitation(
        int rank, ModelShard shard, RankGroup group, KvPagePool pool, RankedPoolMemory memory, int firstDevice, CudaRunnerOptions options, TimeSpan stepDeadline) => new(
        rank, shard.Ranks, group.Path, memory.NameOf(rank), pool.CapacityPages, pool.Layout.PageSizeTokens, pool.Layout.Dtype, Threads: 1, options.MaxBatchTokens, stepDeadline,
        firstDevice + rank);
}
