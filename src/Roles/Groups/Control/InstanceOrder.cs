using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ActorInference.Roles.Agents;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What one role instance is to be: a description, whole. Two of the same revision are the same.</summary>
/// <param name="Group">Name of the group.</param>
/// <param name="Role">Name of the role.</param>
/// <param name="Ordinal">Within the role, from 0.</param>
/// <param name="Revision">Of the role.</param>
/// <param name="Members">Its processes, each with its host.</param>
public sealed record InstanceOrder(string Group, string Role, int Ordinal, string Revision, ImmutableArray<MemberOrder> Members)
{
    /// <summary>Whether the processes before it are taken away with all they have, or replaced where they are.</summary>
    public bool IsRecreated { get; init; }

    /// <summary>How long it is out of service before it is touched.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Done in the running instance before it is updated.</summary>
    public OrderHook? Before { get; init; }

    /// <summary>Done in the updated instance before it is in service again.</summary>
    public OrderHook? After { get; init; }

    /// <summary>Whether all processes are begun again when one has failed; null if only that one is.</summary>
    public RestartDelays? Together { get; init; }

    /// <summary>Paths of its agents, in words.</summary>
    [JsonIgnore]
    public string Agents => AgentsOf(Members.Select(member => member.AgentPath));

    /// <summary>Its hosts and the GPUs that it has of each, in words.</summary>
    [JsonIgnore]
    public string Devices => DevicesOf(Members.Select(member => (member.Node, member.Launch.Resources.Gpus?.AsEnumerable())));

    public static string DevicesOf(IEnumerable<(string Node, IEnumerable<int>? Gpus)> places) =>
        string.Join(' ', places.Select(place => $"{place.Node}:{CpuSet.Format(place.Gpus ?? [])}").Distinct().Order(StringComparer.Ordinal));

    public static string AgentsOf(IEnumerable<string> paths) => string.Join(' ', paths.Distinct().Order(StringComparer.Ordinal));

    public string Id => IdOf(Group, Role, Ordinal);

    /// <summary>Id of the entity: <c>group/role/ordinal</c>.</summary>
    public static string IdOf(string group, string role, int ordinal) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{group}/{role}/{ordinal}");
}

/// <summary>One process of an instance, and the agent that runs it.</summary>
/// <param name="Node">Name of the host.</param>
/// <param name="AgentPath">Path of its agent, with the address.</param>
public sealed record MemberOrder(InstanceLaunch Launch, string Node, string AgentPath)
{
    /// <summary>Processes of the instance that are ready before this one is first begun.</summary>
    public ImmutableArray<string> After { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Processes of the instance that are gone before this one is taken away.</summary>
    public ImmutableArray<string> GoneAfter { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Ports of others that it is told of: it does not begin before they are known.</summary>
    public ImmutableArray<PortVariable> Ports { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Action">Asked of the instance's first process.</param>
public sealed record OrderHook(ProbeAction Action, TimeSpan Timeout);
