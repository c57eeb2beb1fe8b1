using System.Collections.Immutable;
using System.Text.Json;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>What <c>get</c> was asked for.</summary>
/// <param name="Kind">group, role, instance, agent, event, set, adapter or warmup.</param>
/// <param name="Names">Of things of the kind; of instances, roles and events also groups. Empty for all.</param>
/// <param name="Output">wide, json, yaml or name; null for a table.</param>
internal sealed record GetQuery(string Kind, ImmutableArray<string> Names, string? Output)
{
    private bool IsTable => Output is null or "wide";

    /// <summary>Reads <c>KIND [NAME ...]</c> or <c>KIND/NAME</c>.</summary>
    /// <exception cref="UserErrorException">The kind is none.</exception>
    public static GetQuery Read(string what, IReadOnlyList<string> names, string? output)
    {
        var slash = what.IndexOf('/');
        var word = slash < 0 ? what : what[..slash];
        var kind = ObjectNames.KindOf(word) ?? throw new UserErrorException($"what is '{word}'; expected one of {string.Join(", ", ObjectNames.Listed)}.");
        return new GetQuery(kind, [.. (slash < 0 ? [] : (string[])[what[(slash + 1)..]]).Concat(names).Select(ObjectNames.NameOf)], output);
    }

    /// <summary>Asks once.</summary>
    /// <returns>The answer as of a time, which ages depend on.</returns>
    /// <exception cref="UserErrorException">There is nothing of a name.</exception>
    public async Task<Func<DateTimeOffset, string>> AskAsync(GroupClient client, CancellationToken stop) => Kind switch
    {
        "agent" => Agents(await client.GetAsync("agents", GroupJson.Default.AgentListBody, stop)),
        "set" or "adapter" or "warmup" => await ObjectsAsync(client, $"objects/{Kind}", stop),
        "group" when Names is [var only] && Output == "yaml" => Always((await client.GetTextAsync($"groups/{Uri.EscapeDataString(only)}/yaml", stop)).TrimEnd('\n')),
        "instance" when !Names.IsEmpty => Show(Picked((await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups)),
        _ => Show(await GroupsAsync(client, stop)),
    };

    private async Task<IReadOnlyList<GroupBody>> GroupsAsync(GroupClient client, CancellationToken stop)
    {
        if (Names.IsEmpty) return (await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups;
        var groups = new List<GroupBody>();
        foreach (var name in Names) groups.Add(await GroupCommands.FindAsync(client, name, stop));
        return groups;
    }

    /// <summary>Of each group what is named: all its instances, or one.</summary>
    private List<GroupBody> Picked(IReadOnlyList<GroupBody> groups)
    {
        var all = groups.SelectMany(group => group.Instances.Select(instance => instance.Name).Append(group.Name)).ToHashSet(StringComparer.Ordinal);
        if (Names.FirstOrDefault(name => !all.Contains(name)) is { } unknown) throw GroupClient.NotFound($"instance is '{unknown}'; there is none of this name, and no group.");
        return [.. groups
            .Select(group => Names.Contains(group.Name) ? group : group with { Instances = [.. group.Instances.Where(instance => Names.Contains(instance.Name))] })
            .Where(group => group.Instances.Count > 0 || Names.Contains(group.Name))];
    }

    private Func<DateTimeOffset, string> Show(IReadOnlyList<GroupBody> groups)
    {
        if (Output == "name") return Always(string.Join('\n', GroupNames(groups)));
        if (!IsTable) return Always(Structured(Element(groups)));
        var isEmpty = Kind switch
        {
            "instance" => groups.All(group => group.Instances.Count == 0),
            "event" => groups.All(group => group.Events.Count == 0),
            _ => groups.Count == 0,
        };
        if (isEmpty) return Always(groups.Count == 0 ? "There are no groups." : $"There are no {Kind}s.");
        return now => Kind switch
        {
            "role" => GroupTables.Roles(groups, now),
            "instance" => GroupTables.Instances(groups, Output == "wide", now),
            "event" => GroupTables.Events(groups.SelectMany(group => group.Events), now),
            _ => GroupTables.Groups(groups, Output == "wide", now),
        };
    }

    private IEnumerable<string> GroupNames(IReadOnlyList<GroupBody> groups) => Kind switch
    {
        "role" => groups.SelectMany(group => group.Roles.Select(role => Whole($"{group.Name}/{role.Name}"))),
        "instance" => groups.SelectMany(group => group.Instances.Select(instance => Whole(instance.Name))),
        "event" => throw new UserErrorException("--output is 'name', which events have none of; expected wide, json or yaml."),
        _ => groups.Select(group => Whole(group.Name)),
    };

    private string Whole(string name) => $"{ObjectNames.WholeName(Kind)}/{name}";

    private Func<DateTimeOffset, string> Agents(AgentListBody all)
    {
        if (Names.FirstOrDefault(name => all.Agents.All(agent => agent.Node != name)) is { } unknown) throw GroupClient.NotFound($"agent is '{unknown}'; there is none of this name.");
        var agents = Names.IsEmpty ? all : new AgentListBody([.. all.Agents.Where(agent => Names.Contains(agent.Node))]);
        if (Output == "name") return Always(string.Join('\n', agents.Agents.Select(agent => Whole(agent.Node))));
        return Always(IsTable ? GroupTables.Agents(agents) : Structured(JsonSerializer.SerializeToElement(agents, GroupJson.Default.AgentListBody)));
    }

    private async Task<Func<DateTimeOffset, string>> ObjectsAsync(GroupClient client, string path, CancellationToken stop)
    {
        if (Names is [var only] && Output == "yaml") return Always((await client.GetTextAsync($"{path}/{Uri.EscapeDataString(only)}/yaml", stop)).TrimEnd('\n'));
        var found = new List<ObjectBody>();
        if (Names.IsEmpty) found.AddRange((await client.GetAsync(path, GroupJson.Default.ObjectListBody, stop)).Objects);
        foreach (var name in Names) found.Add(await client.GetAsync($"{path}/{Uri.EscapeDataString(name)}", GroupJson.Default.ObjectBody, stop));
        var objects = new ObjectListBody(found);
        if (Output == "name") return Always(string.Join('\n', found.Select(each => Whole(each.Name))));
        if (!IsTable) return Always(Structured(JsonSerializer.SerializeToElement(objects, GroupJson.Default.ObjectListBody)));
        return found.Count == 0 ? Always($"There are no {Kind}s.") : now => ObjectTables.List(objects, now);
    }

    private static Func<DateTimeOffset, string> Always(string text) => _ => text;

    private JsonElement Element(IReadOnlyList<GroupBody> groups)
    {
        if (Kind == "group") return JsonSerializer.SerializeToElement(new GroupListBody(groups), GroupJson.Default.GroupListBody);
        var items = groups.SelectMany(group => JsonSerializer.SerializeToElement(group, GroupJson.Default.GroupBody).GetProperty(Kind + "s").EnumerateArray());
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray(Kind + "s");
            foreach (var item in items) item.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }

    private string Structured(JsonElement element)
    {
        if (Output == "yaml") return YamlText.Write(element);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true })) element.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
