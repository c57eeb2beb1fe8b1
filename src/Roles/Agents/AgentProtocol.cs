using System.Collections.Immutable;
using ActorInference.Roles.Groups;

namespace ActorInference.Roles.Agents;

/// <summary>What an agent is asked, and what it tells.</summary>
public static class AgentProtocol
{
    /// <summary>For one instance of the agent.</summary>
    public interface IForInstance : IGroupMessage
    {
        string Instance { get; }
    }

    /// <summary>
    /// Have this run. Said again it changes nothing; with another revision the process is replaced in place. The first one of
    /// a group waits for <see cref="Publish"/>.
    /// </summary>
    public sealed record Run(InstanceLaunch Launch) : IForInstance
    {
        public string Instance => Launch.Instance;
    }

    /// <summary>Rewrite the discovery file of a group's instances; their processes go on.</summary>
    /// <param name="Overlay">Variables that follow the topology, for the next start of each.</param>
    /// <param name="Topology">The file.</param>
    public sealed record Publish(string Group, ImmutableArray<Variable> Overlay, string Topology) : IGroupMessage;

    /// <summary>Ask something of a running instance, around an update of it. Answered by <see cref="HookDone"/> to the sender.</summary>
    public sealed record RunHook(string Instance, ProbeAction Action, TimeSpan Timeout) : IForInstance;

    public sealed record HookDone(string Instance, ProbeResult Result) : IGroupMessage;

    /// <summary>Stop it, and forget it with all that it has. Answered by <see cref="InstanceRemoved"/> to its owner.</summary>
    /// <param name="Owner">Whom to tell, though the agent may not know the instance any more.</param>
    public sealed record Remove(string Instance, string Owner) : IForInstance;

    /// <summary>It is gone, or never was here.</summary>
    public sealed record InstanceRemoved(string Owner, string Instance, string Node) : IGroupMessage;

    /// <summary>How an instance is. To its owner, on every change and every few seconds.</summary>
    /// <param name="Owner">Id of the role instance.</param>
    /// <param name="Instance">Name.</param>
    /// <param name="Node">Of the agent.</param>
    /// <param name="Phase">What is being done.</param>
    /// <param name="IsReady">Whether it can be given work.</param>
    /// <param name="Revision">Of the process that runs; empty if none does.</param>
    /// <param name="WantedRevision">Of the launch that the agent was last told of; empty if it could not take that up: it is to be told again.</param>
    /// <param name="Restarts">Processes after the first.</param>
    /// <param name="Ports">Its own.</param>
    /// <param name="ProcessId">0 if none runs.</param>
    /// <param name="StartedAt">When the last process was begun.</param>
    /// <param name="Message">Why it is not ready; empty if it is.</param>
    /// <param name="LastEnd">Of the last process that ended unasked.</param>
    public sealed record InstanceReport(
        string Owner, string Instance, string Node, AgentPhase Phase, bool IsReady, string Revision, string WantedRevision, int Restarts,
        ImmutableArray<PortLease> Ports, int ProcessId, DateTimeOffset StartedAt, string Message, Evidence? LastEnd) : IGroupMessage
    {
        /// <summary>What another instance of the host has that this one needs; null if that is not why it waits.</summary>
        public DeviceConflict? Conflict { get; init; }

        /// <summary>Whether it says the same as another one.</summary>
        public bool SaysTheSameAs(InstanceReport other) => this with { Ports = other.Ports } == other && Ports.SequenceEqual(other.Ports);
    }

    /// <summary>Asks for the last report of every instance.</summary>
    public sealed record GetInstances : IGroupMessage
    {
        public static readonly GetInstances Instance = new();
    }

    public sealed record Instances(string Node, ImmutableArray<InstanceReport> Reports) : IGroupMessage;

    /// <summary>Asks what the host has.</summary>
    public sealed record GetTopology : IGroupMessage
    {
        public static readonly GetTopology Instance = new();
    }

    /// <summary>An agent and its host. Told now and then to whoever places instances.</summary>
    /// <param name="AgentAddress">Of the actor system, to reach the agent by.</param>
    public sealed record Node(string Name, string Address, string AgentAddress, HostTopology Topology) : IGroupMessage;

    /// <summary>Asks for a part of a log.</summary>
    /// <param name="Offset">Where to begin; null for the last lines.</param>
    /// <param name="Lines">With no offset.</param>
    public sealed record ReadLog(string Instance, long? Offset, int Lines) : IForInstance;

    public sealed record Log(string Instance, string Text, long NextOffset) : IGroupMessage;

    /// <summary>Run a program in an instance's surroundings.</summary>
    public sealed record Exec(string Instance, ImmutableArray<string> Command, TimeSpan Timeout) : IForInstance;

    public sealed record ExecEnded(string Instance, int ExitCode, string Output) : IGroupMessage;

    /// <summary>Do this host's part of a warm-up. Said again while it runs it changes nothing. Answered by <see cref="Warmed"/> to who said it last.</summary>
    /// <param name="Images">To be in the store, and in memory.</param>
    /// <param name="Actions">Run to their end, one after the other.</param>
    /// <param name="Limit">For all of it.</param>
    public sealed record Warm(string Warmup, ImmutableArray<string> Images, ImmutableArray<InstanceLaunch> Actions, TimeSpan Limit) : IGroupMessage;

    /// <param name="Message">Why it failed; empty if it did not.</param>
    public sealed record Warmed(string Warmup, string Node, bool IsSuccess, string Message) : IGroupMessage;

    /// <summary>It cannot be done.</summary>
    public sealed record Refused(string Message) : IGroupMessage;
}

/// <summary>What an agent is doing with an instance.</summary>
public enum AgentPhase
{
    /// <summary>No process runs; one will be begun, after a pause if the last one failed.</summary>
    Waiting,

    /// <summary>A process was begun and has not passed its startup probe.</summary>
    Starting,

    Running,

    /// <summary>It was asked to end.</summary>
    Stopping,
}
