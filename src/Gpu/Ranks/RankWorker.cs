using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Ranks;

/// <summary>What a rank other than 0 does: loads its part of the model and computes the steps that rank 0 tells.</summary>
public static class RankWorker
{
    /// <summary>Takes part until rank 0 ends the group.</summary>
    /// <param name="model">A Hugging Face model folder, or a GGUF file; the same as rank 0's.</param>
    /// <exception cref="IOException">The memory that it is to share cannot be mapped.</exception>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    /// <exception cref="RankFailedException">Another rank does not answer.</exception>
    public static void Run(string model, RankInvitation invitation)
    {
        var config = ModelConfig.Load(model);
        var shard = ModelShard.Of(model, config, invitation.Rank, invitation.Ranks);
        using var group = RankGroup.Join(
            invitation.GroupPath, invitation.Rank, invitation.Ranks,
            RankJoin.BufferFloats(config, invitation.Ranks, invitation.MaxBatchTokens), invitation.StepDeadline);
        var layout = new KvPageLayout(config.Layers, invitation.PageSizeTokens, config.KvHeads, config.HeadDim, invitation.KvDtype);
        using var pool = KvPagePool.Map(layout, invitation.PoolPages, invitation.PoolPath);
        using var weights = ModelWeights.Load(model, shard);
        weights.PackAll();   // Ranks wait for each other: none is to be slower at first.
        using var runner = new CpuModelRunner(
            weights, pool, new CpuRunnerOptions { Threads = invitation.Threads, MaxBatchTokens = invitation.MaxBatchTokens }, group);
        group.MarkReady();
        Compute(group, runner);
    }

    /// <summary>Computes what rank 0 tells until it ends the group.</summary>
    /// <param name="runner">Of the group's rank.</param>
    internal static void Compute(RankGroup group, CpuModelRunner runner)
    {
        var steps = new StepReader(group);
        var batch = new ForwardBatch();
        try
        {
            while (true)
            {
                steps.Read(batch);
                runner.Forward(batch);
            }
        }
        catch (OperationCanceledException)
        {
            // The group has ended: rank 0's worker has, or begins again with other ranks.
        }
    }
}
