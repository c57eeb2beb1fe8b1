using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>How a router learns of workers, and gives them out.</summary>
public static class RouterProtocol
{
    /// <summary>A worker is there and this busy. Repeated; the first one registers it.</summary>
    /// <param name="Actor">Takes the jobs of the role.</param>
    /// <param name="Jobs">Jobs that it has, waiting or at work.</param>
    /// <param name="PendingTokens">Prompt tokens of those jobs.</param>
    /// <param name="Format">
    /// Of its pages. Workers of different processes are a pair only if <see cref="KvCompatibility.Explain"/> has nothing against it;
    /// null if it exchanges no pages with other processes.
    /// </param>
    public sealed record WorkerReport(
        WorkerId Worker, WorkerRole Role, IActorRef Actor, int Jobs, long PendingTokens, KvTransferFormat? Format = null)
        : IWireMessage
    {
        /// <summary>What it understands, <see cref="ProtocolVersion"/>; 0 from one that does not tell.</summary>
        public int Protocol { get; init; }

        /// <summary>Whether it finishes what it has and takes no more.</summary>
        public bool Draining { get; init; }

        /// <summary>Of its page pool, which other workers of its process may share.</summary>
        public int CapacityPages { get; init; }

        /// <summary>Pages of the pool that somebody holds: sequences, transfers, caches.</summary>
        public int UsedPages { get; init; }

        /// <summary>Pages that its prefix cache holds.</summary>
        public int CachedPages { get; init; }

        /// <summary>Pages that its jobs and transfers hold; one that several share counts for each.</summary>
        public int HeldPages { get; init; }

        /// <summary>How far its prefix cache has changed, for <see cref="GetPrefixes"/>; null from one that does not say what it has.</summary>
        public PrefixMark? Prefixes { get; init; }
    }

    /// <summary>A state of a worker's prefix cache.</summary>
    /// <param name="Epoch">Of the process; versions of different ones have nothing in common.</param>
    /// <param name="Version">Grows with each beginning that it takes in or gives up.</param>
    /// <param name="BlockTokens">Tokens of the blocks that it names beginnings by, <see cref="Assign.Blocks"/>.</param>
    public sealed record PrefixMark(long Epoch, long Version, int BlockTokens);

    /// <summary>Asks a worker what its prefix cache has taken in and given up. Answered by <see cref="Prefixes"/>, of a limited length: the rest is for the next question.</summary>
    /// <param name="Epoch">Whose versions are meant.</param>
    /// <param name="Since">The version that the asker knows; 0 for nothing.</param>
    /// <param name="AsOf">
    /// What he knows was there at this version: after the first part of an answer that goes on from nothing, its <see cref="Prefixes.Latest"/>; else what he knows.
    /// </param>
    public sealed record GetPrefixes(long Epoch, long Since, long AsOf) : IWireMessage;

    /// <summary>What has changed from one version to another: first what is gone, then what has come. Names are those of <see cref="Assign.Blocks"/>.</summary>
    /// <param name="Since">As it was asked.</param>
    /// <param name="Version">Up to which this is.</param>
    /// <param name="Latest">Up to which it could be now.</param>
    /// <param name="IsAnew">Whether what the asker knows is too old to be changed: he forgets it, and this goes on from nothing.</param>
    public sealed record Prefixes(
        WorkerId Worker, long Epoch, long Since, long Version, long Latest, bool IsAnew, ImmutableArray<ulong> Added, ImmutableArray<ulong> Removed) : IWireMessage;

    /// <summary>Find workers for an attempt. Answered to the sender, who must <see cref="Release"/> it or end.</summary>
    /// <param name="Tokens">Tokens to prefill.</param>
    /// <param name="Avoid">Workers that were lost in earlier attempts: taken only if there is no other.</param>
    /// <param name="Exclude">Workers that refused: not taken.</param>
    public sealed record Assign(AttemptId Attempt, int Tokens, ImmutableHashSet<WorkerId> Avoid, ImmutableHashSet<WorkerId> Exclude)
        : IWireMessage
    {
        /// <summary>Names of the prompt's beginnings, block by block, for the router to know who has them; empty if they are of no use to it.</summary>
        public ImmutableArray<ulong> Blocks { get; init; } = [];
    }

    /// <summary>A pair of workers, both counted as busy with the attempt; one and the same if it is to do all.</summary>
    public sealed record Assigned(AttemptId Attempt, AssignedWorker Prefill, AssignedWorker Decode) : IWireMessage;

    public sealed record AssignedWorker(WorkerId Worker, IActorRef Actor)
    {
        /// <summary>As it reported, <see cref="ProtocolVersion"/>.</summary>
        public int Protocol { get; init; }
    }

    /// <summary>There is no place in the cluster now.</summary>
    public sealed record Overloaded(AttemptId Attempt, string Message) : IWireMessage;

    /// <summary>The attempt is over, or no longer wants its workers.</summary>
    public sealed record Release(AttemptId Attempt) : IWireMessage
    {
        /// <summary>As <see cref="Assign.Blocks"/>, of prompt and output: what the decode worker has now. Empty if it is not known.</summary>
        public ImmutableArray<ulong> Held { get; init; } = [];
    }

    /// <summary>Say <see cref="Serving"/> once there is a worker of each role.</summary>
    public sealed record AwaitServing : IWireMessage
    {
        public static readonly AwaitServing Instance = new();
    }

    public sealed record Serving : IWireMessage
    {
        public static readonly Serving Instance = new();
    }

    /// <summary>Asks for the workers that report.</summary>
    public sealed record GetWorkers : IWireMessage
    {
        public static readonly GetWorkers Instance = new();
    }

    /// <param name="Reports">The last report of each, in the order of their names.</param>
    /// <param name="InFlight">Generations under way through this router.</param>
    public sealed record Workers(ImmutableArray<WorkerReport> Reports, int InFlight) : IWireMessage
    {
        /// <summary>Tokens of all prompts that the router gave to workers.</summary>
        public long PromptTokens { get; init; }

        /// <summary>Of those, the ones that it took the chosen prefill worker to have cached.</summary>
        public long PrefixTokens { get; init; }

        /// <summary>Blocks of prompts of which it knows who has them.</summary>
        public int PrefixBlocks { get; init; }
    }
}
