using Akka.Configuration;

namespace Akka.Cluster.Sharding;

/// <summary>What the section <c>akka.cluster.sharding</c> says about times and sizes.</summary>
public sealed record TuningParameters
{
    /// <exception cref="ConfigurationException">A value cannot be used; the message names it.</exception>
    internal TuningParameters(Config config)
    {
        CoordinatorFailureBackoff = config.GetTimeSpan("coordinator-failure-backoff");
        RetryInterval = config.GetTimeSpan("retry-interval");
        BufferSize = AtLeast(config, "buffer-size", 0);
        HandOffTimeout = config.GetTimeSpan("handoff-timeout");
        ShardStartTimeout = config.GetTimeSpan("shard-start-timeout");
        ShardFailureBackoff = config.GetTimeSpan("shard-failure-backoff");
        EntityRestartBackoff = config.GetTimeSpan("entity-restart-backoff");
        RebalanceInterval = config.GetTimeSpan("rebalance-interval");
        SnapshotAfter = AtLeast(config, "snapshot-after", 1);
        KeepNrOfBatches = AtLeast(config, "keep-nr-of-batches", 0);
        LeastShardAllocationRebalanceThreshold = AtLeast(config, "least-shard-allocation-strategy.rebalance-threshold", 1);
        LeastShardAllocationMaxSimultaneousRebalance = AtLeast(config, "least-shard-allocation-strategy.max-simultaneous-rebalance", 0);
        LeastShardAllocationAbsoluteLimit = AtLeast(config, "least-shard-allocation-strategy.rebalance-absolute-limit", 0);
        LeastShardAllocationRelativeLimit = config.GetDouble("least-shard-allocation-strategy.rebalance-relative-limit");
        WaitingForStateTimeout = config.GetTimeSpan("waiting-for-state-timeout");
        UpdatingStateTimeout = config.GetTimeSpan("updating-state-timeout");
        EntityRecoveryStrategy = config.GetString("entity-recovery-strategy");
        if (EntityRecoveryStrategy is not ("all" or "constant"))
            throw new ConfigurationException($"akka.cluster.sharding.entity-recovery-strategy is '{EntityRecoveryStrategy}'; it must be all or constant.");
        EntityRecoveryConstantRateStrategyFrequency = config.GetTimeSpan("entity-recovery-constant-rate-strategy.frequency");
        EntityRecoveryConstantRateStrategyNumberOfEntities = AtLeast(config, "entity-recovery-constant-rate-strategy.number-of-entities", 1);
        CoordinatorStateWriteMajorityPlus = config.GetInt("coordinator-state.write-majority-plus");
        CoordinatorStateReadMajorityPlus = config.GetInt("coordinator-state.read-majority-plus");
    }

    public TimeSpan CoordinatorFailureBackoff { get; init; }

    public TimeSpan RetryInterval { get; init; }

    public int BufferSize { get; init; }

    public TimeSpan HandOffTimeout { get; init; }

    public TimeSpan ShardStartTimeout { get; init; }

    public TimeSpan ShardFailureBackoff { get; init; }

    public TimeSpan EntityRestartBackoff { get; init; }

    public TimeSpan RebalanceInterval { get; init; }

    public int SnapshotAfter { get; init; }

    public int KeepNrOfBatches { get; init; }

    public int LeastShardAllocationRebalanceThreshold { get; init; }

    public int LeastShardAllocationMaxSimultaneousRebalance { get; init; }

    public TimeSpan WaitingForStateTimeout { get; init; }

    public TimeSpan UpdatingStateTimeout { get; init; }

    public string EntityRecoveryStrategy { get; init; }

    public TimeSpan EntityRecoveryConstantRateStrategyFrequency { get; init; }

    public int EntityRecoveryConstantRateStrategyNumberOfEntities { get; init; }

    public int CoordinatorStateWriteMajorityPlus { get; init; }

    public int CoordinatorStateReadMajorityPlus { get; init; }

    public int LeastShardAllocationAbsoluteLimit { get; init; }

    public double LeastShardAllocationRelativeLimit { get; init; }

    public TuningParameters WithCoordinatorFailureBackoff(TimeSpan value) => this with { CoordinatorFailureBackoff = value };

    public TuningParameters WithRetryInterval(TimeSpan value) => this with { RetryInterval = value };

    public TuningParameters WithBufferSize(int value) => this with { BufferSize = value };

    public TuningParameters WithHandOffTimeout(TimeSpan value) => this with { HandOffTimeout = value };

    public TuningParameters WithShardStartTimeout(TimeSpan value) => this with { ShardStartTimeout = value };

    public TuningParameters WithShardFailureBackoff(TimeSpan value) => this with { ShardFailureBackoff = value };

    public TuningParameters WithEntityRestartBackoff(TimeSpan value) => this with { EntityRestartBackoff = value };

    public TuningParameters WithRebalanceInterval(TimeSpan value) => this with { RebalanceInterval = value };

    public TuningParameters WithSnapshotAfter(int value) => this with { SnapshotAfter = value };

    public TuningParameters WithKeepNrOfBatches(int value) => this with { KeepNrOfBatches = value };

    private static int AtLeast(Config config, string key, int least)
    {
        var value = config.GetInt(key);
        return value >= least ? value : throw new ConfigurationException($"akka.cluster.sharding.{key} is {value}; it must be at least {least}.");
    }
}
