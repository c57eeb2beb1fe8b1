using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>What <c>get</c> was asked for.</summary>
/// <param name="Kind">group, role, instance, agent, event, set, adapter, warmup or policy.</param>
/// <param name="Names">Of things of the kind, a role's after that of its group: <c>demo/decode</c>; of instances, roles and events also groups. Empty for all.</param>
/// <param name="Output">wide, json, yaml or name; null for a table.</param>
internal sealed record GetQuery(string Kind, ImmutableArray<string> Names, string? Output)
{
    /// <summary>What <c>all</c> stands for: what people declare, and what runs of it.</summary>
    private static readonly string[] All = [.. ObjectNames.Declared, "instance"];

    /// <summary>What their labels are to be; null for any.</summary>
    public LabelSelector? Selector { get; init; }

    public bool IsTable => Output is null or "wide";

    /// <summary>One is asked for by its own name.</summary>
    private bool IsOne => Names.Length == 1 && Selector is null;

    private bool IsWide => Output == "wide";

    /// <summary>Reads <c>KIND [NAME ...]</c> or <c>KIND/NAME</c>, or several kinds without names: <c>KIND,KIND</c>, or <c>all</c>.</summary>
    /// <exception cref="UserErrorException">A kind is none, or has no labels, or several are not to be a table.</exception>
    public static IReadOnlyList<GetQuery> ReadAll(string what, IReadOnlyList<string> names, string? output, LabelSelector? selector = null)
    {
        var kinds = what.Equals("all", StringComparison.OrdinalIgnoreCase) ? All : what.Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (kinds.Length < 2) return [Read(what, names, output, selector)];
        if (names.Count > 0) throw new UserErrorException($"what is '{what}', several kinds, beside names; expected one kind.");
        if (output is "json" or "yaml") throw new UserErrorException($"--output is '{output}', which shows one kind; expected wide or name for several.");
        return [.. kinds.Select(kind => Read(kind, names, output, selector))];
    }

    /// <summary>Reads <c>KIND [NAME ...]</c> or <c>KIND/NAME</c>.</summary>
    /// <exception cref="UserErrorException">The kind is none, or has no labels.</exception>
    public static GetQuery Read(string what, IReadOnlyList<string> names, string? output, LabelSelector? selector = null)
    {
        var slash = what.IndexOf('/');
        var word = slash < 0 ? what : what[..slash];
        var kind = ObjectNames.KindOf(word) ?? throw new UserErrorException($"what is '{word}'; expected one of {string.Join(", ", ObjectNames.Listed)}.");
        if (kind == "event" && selector is not null) throw new UserErrorException("--selector is for what has labels, which events have none of; expected names of groups.");
        return new GetQuery(kind, [.. (slash < 0 ? [] : (string[])[what[(slash + 1)..]]).Concat(names.Select(name => Plain(kind, name)))], output) { Selector = selector };
    }

    /// <summary>Asks once.</summary>
    /// <exception cref="UserErrorException">There is nothing of a name.</exception>
    public async Task<Listing> AskAsync(GroupClient client, CancellationToken stop) => Kind switch
    {
        "agent" => Agents(await client.GetAsync("agents", GroupJson.Default.AgentListBody, stop)),
        _ when ObjectNames.Declared.Contains(Kind) && IsOne && Output == "yaml" => Listing.Of(await client.GetTextAsync($"{ObjectNames.RouteOf(Kind, Names[0])}/yaml", stop)),
        "policy" => Policies(await NamedAsync(client, "policies", GroupJson.Default.PolicyListBody, list => list.Policies, GroupJson.Default.PolicyBody, stop)),
        "set" or "adapter" or "warmup" => Objects(await NamedAsync(client, $"objects/{Kind}", GroupJson.Default.ObjectListBody, list => list.Objects, GroupJson.Default.ObjectBody, stop)),
        "instance" => Instances(await InstancesAsync(client, stop)),
        "role" => Roles(await RolesAsync(client, stop)),
        "event" => Events((await GroupsAsync(client, Names, stop)).SelectMany(group => group.Events)),
        _ => Groups(await GroupsAsync(client, Names, stop)),
    };

    private static string Plain(string kind, string name) =>
        name.IndexOf('/') is var slash and > 0 && ObjectNames.KindOf(name[..slash]) == kind ? name[(slash + 1)..] : kind == "role" ? name : ObjectNames.NameOf(name);

    private static Task<IReadOnlyList<GroupBody>> GroupsAsync(GroupClient client, ImmutableArray<string> names, CancellationToken stop) =>
        NamedAsync(client, names, "groups", GroupJson.Default.GroupListBody, list => list.Groups, GroupJson.Default.GroupBody, stop);

    private Task<IReadOnlyList<T>> NamedAsync<TList, T>(
        GroupClient client, string path, JsonTypeInfo<TList> listType, Func<TList, IReadOnlyList<T>> items, JsonTypeInfo<T> type, CancellationToken stop) =>
        NamedAsync(client, Names, path, listType, items, type, stop);

    /// <summary>All at a route, or those of some names.</summary>
    private static async Task<IReadOnlyList<T>> NamedAsync<TList, T>(
        GroupClient client, ImmutableArray<string> names, string path, JsonTypeInfo<TList> listType, Func<TList, IReadOnlyList<T>> items, JsonTypeInfo<T> type, CancellationToken stop)
    {
        if (names.IsEmpty) return items(await client.GetAsync(path, listType, stop));
        var found = new List<T>();
        foreach (var name in names) found.Add(await client.GetAsync($"{path}/{Uri.EscapeDataString(name)}", type, stop));
        return found;
    }

    /// <summary>Groups with those of their instances that are asked for.</summary>
    private async Task<IReadOnlyList<GroupBody>> InstancesAsync(GroupClient client, CancellationToken stop)
    {
        var groups = await GroupsAsync(client, [], stop);
        if (Names.IsEmpty) return groups;
        var all = groups.SelectMany(group => group.Instances.Select(instance => instance.Name).Append(group.Name)).ToHashSet(StringComparer.Ordinal);
        if (Names.FirstOrDefault(name => !all.Contains(name)) is { } unknown) throw GroupClient.NotFound($"instance is '{unknown}'; there is none of this name, and no group.");
        return [.. groups.Select(group => Names.Contains(group.Name) ? group : group with { Instances = [.. group.Instances.Where(instance => Names.Contains(instance.Name))] })];
    }

    /// <summary>Groups with those of their roles that are asked for.</summary>
    private async Task<IReadOnlyList<GroupBody>> RolesAsync(GroupClient client, CancellationToken stop)
    {
        var groups = await GroupsAsync(client, [.. Names.Select(name => name.Split('/')[0]).Distinct()], stop);
        var all = groups.SelectMany(group => group.Roles.Select(FullName).Append(group.Name)).ToHashSet(StringComparer.Ordinal);
        if (Names.FirstOrDefault(name => !all.Contains(name)) is { } unknown) throw GroupClient.NotFound($"role is '{unknown}'; there is none of this name.");
        return [.. groups.Select(group => Names.IsEmpty || Names.Contains(group.Name) ? group : group with { Roles = [.. group.Roles.Where(role => Names.Contains(FullName(role)))] })];
    }

    private static string FullName(RoleBody role) => $"{role.Group}/{role.Name}";

    private Listing Groups(IReadOnlyList<GroupBody> all)
    {
        var groups = Selected(all, group => group.Labels);
        return Listing.Of(this, groups, GroupJson.Default.GroupBody, "groups", IsOne, group => group.Name, now => GroupTables.Groups(groups, IsWide, now));
    }

    private Listing Roles(IReadOnlyList<GroupBody> all)
    {
        IReadOnlyList<GroupBody> groups = [.. all.Select(group => group with { Roles = Selected(group.Roles, role => role.Labels) })];
        return Listing.Of(this, [.. groups.SelectMany(group => group.Roles)], GroupJson.Default.RoleBody, "roles", IsOne && Names[0].Contains('/'), FullName, now => GroupTables.Roles(groups, now));
    }

    private Listing Instances(IReadOnlyList<GroupBody> all)
    {
        IReadOnlyList<GroupBody> groups = [.. all.Select(group => group with { Instances = Selected(group.Instances, instance => instance.Labels) })];
        IReadOnlyList<InstanceBody> items = [.. groups.SelectMany(group => group.Instances)];
        // A group may have the name of another one's instance: then it is all of them.
        var isOne = IsOne && items is [var only] && only.Name == Names[0];
        return Listing.Of(this, items, GroupJson.Default.InstanceBody, "instances", isOne, instance => instance.Name, now => GroupTables.Instances(groups, IsWide, now));
    }

    private Listing Events(IEnumerable<EventBody> all)
    {
        var events = all.ToList();
        return Listing.Of(this, events, GroupJson.Default.EventBody, "events", isOne: false, name: null, now => GroupTables.Events(events, now));
    }

    private Listing Agents(AgentListBody all)
    {
        if (Names.FirstOrDefault(name => all.Agents.All(agent => agent.Node != name)) is { } unknown) throw GroupClient.NotFound($"agent is '{unknown}'; there is none of this name.");
        var agents = Selected([.. all.Agents.Where(agent => Names.IsEmpty || Names.Contains(agent.Node))], agent => agent.Labels);
        return Listing.Of(this, agents, GroupJson.Default.AgentBody, "agents", IsOne, agent => agent.Node, _ => GroupTables.Agents(new AgentListBody(agents)));
    }

    private Listing Objects(IReadOnlyList<ObjectBody> all)
    {
        var objects = Selected(all, each => each.Labels);
        return Listing.Of(this, objects, GroupJson.Default.ObjectBody, "objects", IsOne, each => each.Name, now => ObjectTables.List(new ObjectListBody(objects), now));
    }

    private Listing Policies(IReadOnlyList<PolicyBody> all)
    {
        var policies = Selected(all, policy => policy.Labels);
        return Listing.Of(this, policies, GroupJson.Default.PolicyBody, "policies", IsOne, policy => policy.Name, _ => PolicyTables.List(policies, IsWide));
    }

    private IReadOnlyList<T> Selected<T>(IReadOnlyList<T> all, Func<T, IReadOnlyDictionary<string, string>> labels) => Selector is { } selector ? [.. all.Where(each => selector.Finds(labels(each)))] : all;
}
