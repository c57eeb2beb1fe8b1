using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Ranks;

/// <summary>
/// A model divided over the ranks of a group, seen from rank 0: has the others compute each step too, each its heads and columns,
/// and has the logits. Pages are whole and shared: each rank reads and writes its heads in them, so that whoever moves or keeps pages need
/// not know of ranks.
/// </summary>
public sealed class RankedRunner : IRunnerWithParts
{
    private readonly CpuModelRunner _own;
    private readonly RankGroup _group;
    private readonly StepWriter _steps;
    private readonly RankProcesses? _others;

    /// <summary>Over a group whose other ranks somebody else runs.</summary>
    /// <param name="group">Seen from rank 0; disposed with the runner.</param>
    internal RankedRunner(ModelWeights weights, KvPagePool pool, CpuRunnerOptions options, RankGroup group, TimeSpan deadline, RankProcesses? others = null)
    {
        (_group, _others) = (group, others);
        _own = new CpuModelRunner(weights, pool, options, group);
        _steps = new StepWriter(group, pool.Layout, deadline);
    }

    public int VocabSize => _own.VocabSize;

    public int MaxContextTokens => _own.MaxContextTokens;

    public int MaxBatchTokens => _own.MaxBatchTokens;

    public KvPagePool Pages => _own.Pages;

    public Task<Exception> Lost => _others?.Lost ?? new TaskCompletionSource<Exception>().Task;

    /// <summary>Starts the other ranks as processes and waits until they have loaded their parts.</summary>
    /// <param name="weights">What rank 0 has of the model.</param>
    /// <param name="pool">In shared memory.</param>
    /// <param name="options">Of rank 0; each rank has as many threads.</param>
    /// <param name="ranks">How they are started, and waited for.</param>
    /// <exception cref="RankFailedException">One has ended, or is not there in time. None is left.</exception>
    /// <exception cref="Actors.Kv.SharedMemoryException">There is no shared memory for them.</exception>
    public static RankedRunner Start(ModelWeights weights, KvPagePool pool, CpuRunnerOptions options, RankOptions ranks)
    {
        var shard = weights.Shard;
        var group = RankGroup.Create(shard.Ranks, RankJoin.BufferFloats(shard.Model, shard.Ranks, options.MaxBatchTokens), ranks.StepDeadline);
        RankProcesses? others = null;
        try
        {
            others = new RankProcesses(group, rank => ranks.Program(RankInvitation.Of(rank, shard.Ranks, group.Path, pool, options, ranks.StepDeadline)));
            group.AwaitReady(ranks.StartDeadline);
            return new RankedRunner(weights, pool, options, group, ranks.StepDeadline, others);
        }
        catch
        {
            others?.Dispose();
            group.Dispose();
            throw;
        }
    }

    public void Forward(ForwardBatch batch)
    {
        // A batch that is refused must not have been told to the others.
        ForwardBatchCheck.Check(batch, this);
        _group.ThrowIfEnded();
        try
        {
            _steps.Write(batch);
            _own.Forward(batch);
        }
        catch
        {
            // The others may be within the step still: its pages go to somebody else as soon as this is known.
            _others?.End(TimeSpan.Zero);
            throw;
        }
    }

    public Span<float> Logits(int index, int nth = 0) => _own.Logits(index, nth);

    public void Dispose()
    {
        _group.Stop();
        _others?.End(_group.HasFailed ? TimeSpan.Zero : RankProcesses.EndDeadline);
        _own.Dispose();
        _group.Dispose();
    }
}
