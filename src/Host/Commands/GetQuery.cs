using System.Text.Json;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>What <c>get</c> was asked for.</summary>
/// <param name="What">group, role, instance, agent, set, adapter or warmup.</param>
/// <param name="Group">Null for all.</param>
/// <param name="Output">wide, json or yaml; null for a table.</param>
internal sealed record GetQuery(string What, string? Group, string? Output)
{
    /// <summary>Asks once.</summary>
    /// <returns>The answer as of a time, which ages depend on.</returns>
    public async Task<Func<DateTimeOffset, string>> AskAsync(GroupClient client, CancellationToken stop)
    {
        if (What == "agent")
        {
            var agents = await client.GetAsync("agents", GroupJson.Default.AgentListBody, stop);
            return Always(Output is null or "wide" ? GroupTables.Agents(agents) : Structured(JsonSerializer.SerializeToElement(agents, GroupJson.Default.AgentListBody)));
        }

        if (ObjectNames.KindOf(What) is { } kind) return await ObjectsAsync(client, $"objects/{kind}", stop);
        if (What == "group" && Group is not null && Output == "yaml") return Always((await client.GetTextAsync($"groups/{Uri.EscapeDataString(Group)}/yaml", stop)).TrimEnd('\n'));
        IReadOnlyList<GroupBody> groups = Group is null
            ? (await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups
            : [await GroupCommands.FindAsync(client, Group, stop)];
        if (Output is "json" or "yaml") return Always(Structured(Element(groups)));
        if (groups.Count == 0) return Always("There are no groups.");
        return now => What switch
        {
            "role" => GroupTables.Roles(groups, now),
            "instance" => GroupTables.Instances(groups, Output == "wide", now),
            _ => GroupTables.Groups(groups, Output == "wide", now),
        };
    }

    private async Task<Func<DateTimeOffset, string>> ObjectsAsync(GroupClient client, string path, CancellationToken stop)
    {
        if (Group is not null && Output == "yaml") return Always((await client.GetTextAsync($"{path}/{Uri.EscapeDataString(Group)}/yaml", stop)).TrimEnd('\n'));
        var objects = Group is null
            ? await client.GetAsync(path, GroupJson.Default.ObjectListBody, stop)
            : new ObjectListBody([await client.GetAsync($"{path}/{Uri.EscapeDataString(Group)}", GroupJson.Default.ObjectBody, stop)]);
        if (Output is "json" or "yaml") return Always(Structured(JsonSerializer.SerializeToElement(objects, GroupJson.Default.ObjectListBody)));
        return objects.Objects.Count == 0 ? Always($"There are no {What}s.") : now => ObjectTables.List(objects, now);
    }

    private static Func<DateTimeOffset, string> Always(string text) => _ => text;

    private JsonElement Element(IReadOnlyList<GroupBody> groups)
    {
        if (What == "group") return JsonSerializer.SerializeToElement(new GroupListBody(groups), GroupJson.Default.GroupListBody);
        var name = What == "role" ? "roles" : "instances";
        var items = groups.SelectMany(group => JsonSerializer.SerializeToElement(group, GroupJson.Default.GroupBody).GetProperty(name).EnumerateArray());
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray(name);
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
