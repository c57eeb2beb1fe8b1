using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Host.Groups;

/// <summary>What is asked about groups, answered by their actors.</summary>
/// <param name="system">Of the control node.</param>
/// <param name="regions">Of the groups' actors.</param>
public sealed class GroupService(ActorSystem system, ControlRegions regions)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    public async Task<GroupListBody> ListAsync()
    {
        var names = await regions.Fleet.Ask<FleetProtocol.Groups>(FleetProtocol.GetGroups.Instance, Timeout).ConfigureAwait(false);
        var groups = await Task.WhenAll(names.Names.Select(FindOrNullAsync)).ConfigureAwait(false);
        return new GroupListBody([.. groups.OfType<GroupBody>()]);
    }

    /// <exception cref="GroupRefusedException">There is none of this name.</exception>
    public async Task<GroupBody> FindAsync(string group)
    {
        var state = await StateAsync(group).ConfigureAwait(false);
        var status = await regions.Rollouts.Ask<RolloutProtocol.Status>(new RolloutProtocol.GetStatus(group), Timeout).ConfigureAwait(false);
        return GroupPresentation.Of(state, status);
    }

    public async Task<string> YamlAsync(string group)
    {
        var state = await StateAsync(group).ConfigureAwait(false);
        return state.Policy.Length == 0 ? state.Desired : $"{state.Desired}---\n{state.Policy}";
    }

    public async Task<HistoryBody> HistoryAsync(string group)
    {
        var state = await StateAsync(group).ConfigureAwait(false);
        return new HistoryBody(group, state.Current, state.Stable, [.. state.Revisions.Select(revision => new RevisionBody(revision.Number, revision.At, revision.Cause, revision.Yaml))]);
    }

    public Task<AppliedItem> ScaleAsync(string group, string role, int replicas) => CommandAsync(new GroupProtocol.Scale(group, role, replicas, Now));

    public Task<AppliedItem> DeleteAsync(string group) => CommandAsync(new GroupProtocol.Delete(group, Now));

    /// <param name="verb">pause, resume, undo or restart.</param>
    public Task<AppliedItem> RolloutAsync(string group, string verb, RolloutBody body) => verb == "restart" && body.Instance is { } instance ? RestartAsync(group, instance) : CommandAsync(verb switch
    {
        "pause" => new GroupProtocol.SetPaused(group, IsPaused: true, Now),
        "resume" => new GroupProtocol.SetPaused(group, IsPaused: false, Now),
        "undo" => new GroupProtocol.Undo(group, body.Revision, Now),
        "restart" => new GroupProtocol.Restart(group, body.Role ?? "", Now),
        _ => throw new GroupRefusedException($"rollout is '{verb}'; expected pause, resume, undo or restart."),
    });

    public async Task<LogBody> LogAsync(string group, string instance, long? offset, int lines)
    {
        var answer = await AskAgentAsync(group, instance, process => new AgentProtocol.ReadLog(process, offset, lines), Timeout).ConfigureAwait(false);
        return answer is AgentProtocol.Log log ? new LogBody(log.Text, log.NextOffset) : throw Refused(answer);
    }

    public async Task<ExecEndedBody> ExecAsync(string group, string instance, ExecBody body)
    {
        var limit = TimeSpan.FromSeconds(body.TimeoutSeconds);
        var answer = await AskAgentAsync(group, instance, process => new AgentProtocol.Exec(process, [.. body.Command], limit), limit + Timeout).ConfigureAwait(false);
        return answer is AgentProtocol.ExecEnded ended ? new ExecEndedBody(ended.ExitCode, ended.Output) : throw Refused(answer);
    }

    public async Task<AgentListBody> AgentsAsync()
    {
        var agents = await regions.Fleet.Ask<FleetProtocol.Agents>(FleetProtocol.GetAgents.Instance, Timeout).ConfigureAwait(false);
        return new AgentListBody([.. agents.Present.Select(agent => new AgentBody(
            agent.Node, agent.Address, agent.Topology.Cpus, agent.Topology.MemoryBytes, agent.Topology.Gpus.Length, agent.Topology.Numa.Length) { Labels = agent.Topology.Labels })]);
    }

    /// <summary>Begins one instance again as it is: no revision, and no rollout.</summary>
    private async Task<AppliedItem> RestartAsync(string group, string name)
    {
        var body = await FindAsync(group).ConfigureAwait(false);
        var found = GroupDescription.Find(body, name) ?? throw new GroupRefusedException(GroupDescription.NoInstance(body, name)) { IsMissing = true };
        var answer = await regions.Rollouts.Ask<RolloutProtocol.RestartAnswered>(new RolloutProtocol.RestartInstance(group, found.Role, found.Ordinal), Timeout).ConfigureAwait(false);
        if (!answer.IsBegun) throw new GroupRefusedException(GroupDescription.NoInstance(body with { Instances = [.. body.Instances.Where(each => each.Name != found.Name)] }, name)) { IsMissing = true };
        return new AppliedItem("RoleInstance", found.Name, "configured", body.Revision, null);
    }

    /// <summary>What a command came to.</summary>
    /// <exception cref="GroupRefusedException">It was refused.</exception>
    internal static AppliedItem Item(GroupProtocol.IForGroup command, object answer, string kind = RoleBasedGroup.KindName) => answer switch
    {
        GroupProtocol.Applied applied => new AppliedItem(kind, applied.Group, applied.Outcome, applied.Revision, null),
        GroupProtocol.Rejected rejected => throw new GroupRefusedException(rejected.Message) { IsMissing = rejected.IsMissing },
        var other => throw new InvalidOperationException($"{command.GetType().Name} was answered by {other.GetType().Name}."),
    };

    private async Task<AppliedItem> CommandAsync(GroupProtocol.IForGroup command) => Item(command, await regions.Groups.Ask<object>(command, Timeout).ConfigureAwait(false));

    private async Task<GroupProtocol.State> StateAsync(string group) => await regions.Groups.Ask<object>(new GroupProtocol.GetState(group), Timeout).ConfigureAwait(false) switch
    {
        GroupProtocol.State state => state,
        GroupProtocol.Rejected rejected => throw new GroupRefusedException(rejected.Message) { IsMissing = rejected.IsMissing },
        var other => throw new InvalidOperationException($"{nameof(GroupProtocol.GetState)} was answered by {other.GetType().Name}."),
    };

    private async Task<GroupBody?> FindOrNullAsync(string group)
    {
        try
        {
            return await FindAsync(group).ConfigureAwait(false);
        }
        catch (GroupRefusedException)
        {
            return null;   // It has ended meanwhile.
        }
    }

    /// <summary>Asks the agent of an instance, or of one of its processes.</summary>
    private async Task<object> AskAgentAsync(string group, string name, Func<string, object> question, TimeSpan timeout)
    {
        var body = await FindAsync(group).ConfigureAwait(false);
        var found = GroupDescription.Find(body, name) ?? throw new GroupRefusedException(GroupDescription.NoInstance(body, name)) { IsMissing = true };
        var process = found.Processes.FirstOrDefault(each => each.Name == name)?.Name ?? found.Processes.FirstOrDefault()?.Name
            ?? throw new GroupRefusedException($"instance is '{name}'; it has no process yet.");
        var agents = await regions.Fleet.Ask<FleetProtocol.Agents>(FleetProtocol.GetAgents.Instance, Timeout).ConfigureAwait(false);
        var agent = agents.Present.FirstOrDefault(each => each.Node == found.Node) ?? throw new GroupRefusedException($"the agent of {found.Node} is not there.");
        return await system.ActorSelection(agent.AgentPath).Ask<object>(question(process), timeout).ConfigureAwait(false);
    }

    private static GroupRefusedException Refused(object answer) => new(answer is AgentProtocol.Refused refused ? refused.Message : $"the agent answered {answer.GetType().Name}");
}
