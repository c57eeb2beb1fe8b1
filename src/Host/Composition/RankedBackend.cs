using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;

namespace ActorInference.Host.Composition;

/// <summary>
/// A model divided over processes of this host: this one has rank 0's part, and each runner has processes of its own for the others,
/// which begin and end with it.
/// </summary>
/// <param name="weights">Rank 0's.</param>
/// <param name="pages">In shared memory.</param>
/// <param name="options">As the model was loaded.</param>
public sealed class RankedBackend(ModelWeights weights, KvPagePool pages, ModelOptions options) : IModelBackend
{
    public KvPagePool Pages => pages;

    public CancellationToken WhenLost => CancellationToken.None;

    /// <summary>What rank 0 has; all of the model where there is one rank.</summary>
    /// <exception cref="UserErrorException">It cannot be divided so, or not here.</exception>
    /// <exception cref="ModelFormatException">A file is wrong.</exception>
    public static ModelShard Divide(ModelOptions options, ModelConfig config)
    {
        var ranks = options.Ranks ?? 1;
        if (ranks > 1 && !RankGroup.IsSupported)
            throw new UserErrorException($"--tensor-parallel is '{ranks}'; expected 1, since ranks meet in shared memory as Linux has it in /dev/shm.");
        try
        {
            return ModelShard.Of(options.ModelFolder, config, 0, ranks);
        }
        catch (IndivisibleModelException cause)
        {
            throw new UserErrorException($"--tensor-parallel is '{ranks}'; expected a number of ranks that the model can be divided by: {cause.Message}", cause);
        }
    }

    /// <exception cref="RankFailedException">A rank did not start.</exception>
    public IModelRunner CreateRunner(int threads)
    {
        var each = Math.Max(1, threads / weights.Shard.Ranks);
        return RankedRunner.Start(weights, pages, new CpuRunnerOptions { Threads = each }, new RankOptions
        {
            Program = invitation => OwnProgram.Start(RankCommand.Arguments(options.ModelFolder, invitation)),
            StartDeadline = options.RankStartDeadline,
            StepDeadline = options.RankStepDeadline,
        });
    }

    public void Dispose()
    {
        pages.Dispose();
        weights.Dispose();
    }
}
