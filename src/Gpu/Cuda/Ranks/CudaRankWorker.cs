using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;

namespace ActorInference.Gpu.Cuda.Ranks;

/// <summary>What a rank other than 0 does on its device: loads its part of the model and launches the steps that rank 0 tells.</summary>
public static class CudaRankWorker
{
    private const int MostUnderWay = 2;

    /// <summary>Takes part until rank 0 ends the group.</summary>
    /// <param name="model">A Hugging Face model folder, or a GGUF file; the same as rank 0's.</param>
    /// <param name="invitation">To a device.</param>
    /// <param name="kernelCache">Where compiled kernels are kept; null to keep none.</param>
    /// <exception cref="IOException">The memory that it is to share cannot be mapped.</exception>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    /// <exception cref="CudaMemoryException">Its part does not fit.</exception>
    /// <exception cref="CudaLibraryException">A library is missing, or refuses.</exception>
    /// <exception cref="CudaDeviceLostException">The device failed.</exception>
    /// <exception cref="RankFailedException">The other devices cannot be reached.</exception>
    public static void Run(string model, RankInvitation invitation, string? kernelCache)
    {
        var index = invitation.Device ?? throw new ArgumentException("The invitation is to the processor.", nameof(invitation));
        var config = ModelConfig.Load(model);
        var shard = ModelShard.Of(model, config, invitation.Rank, invitation.Ranks);
        using var group = RankGroup.Join(invitation.GroupPath, invitation.Rank, invitation.Ranks, DeviceGroup.BufferFloats, invitation.StepDeadline);
        using var loaded = CudaModel.Load(index, model, kernelCache, shard: shard);
        var layout = new KvPageLayout(config.Layers, invitation.PageSizeTokens, shard.Config.KvHeads, config.HeadDim, invitation.KvDtype);
        using var pool = new KvPagePool(layout, invitation.PoolPages, new OpenedPoolMemory(loaded.Device, invitation.PoolPath));
        using var devices = new DeviceGroup(loaded.Device, group, invitation.StepDeadline);
        using var runner = new CudaModelRunner(loaded.Weights, pool, new CudaRunnerOptions { MaxBatchTokens = invitation.MaxBatchTokens }, devices);
        group.MarkReady();
        try
        {
            devices.Meet(deadline: null);
            Compute(group, devices, runner);
        }
        catch (OperationCanceledException)
        {
            // The group has ended: rank 0's worker has, or begins again with other ranks.
        }
        finally
        {
            devices.GiveUp();
        }
    }

    private static void Compute(RankGroup group, DeviceGroup devices, CudaModelRunner runner)
    {
        var steps = new StepReader(group);
        ForwardBatch[] batches = [new(), new()];
        for (var next = 0; ; next ^= 1)
        {
            steps.Read(batches[next]);
            runner.Launch(batches[next]);
            AwaitNext(steps, devices, runner);
        }
    }

    /// <summary>Waits until another step is there and can be launched, or nothing is under way: a step that comes early is launched early, so that no other rank waits for that.</summary>
    private static void AwaitNext(StepReader steps, DeviceGroup devices, CudaModelRunner runner)
    {
        var spin = new SpinWait();
        while (runner.StepsUnderWay == MostUnderWay || (runner.StepsUnderWay > 0 && !steps.HasNext))
        {
            if (runner.TryWait()) continue;
            devices.Look();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }
}
