using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference describe</c>: everything of a thing, in words.</summary>
internal static class DescribeCommand
{
    private static readonly string[] Kinds = [.. ObjectNames.Declared, "instance", "agent"];

    public static Command Create()
    {
        var names = GroupCommands.Names("Name of a group, and of one of its instances; or KIND/NAME; or a kind and names, without any all of it.", ArgumentArity.OneOrMore);
        var server = GroupCommands.Server();
        var command = new Command("describe", "Everything of a group, an instance or anything else, events included.") { names, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var isFirst = true;
            foreach (var (kind, name, instance) in await ReadAsync(client, parsed.GetRequiredValue(names), stop))
            {
                if (!isFirst) Console.Out.WriteLine("\n");
                isFirst = false;
                Console.Out.WriteLine(await DescribeAsync(client, kind, name, instance, stop));
            }
        }));
        return command;
    }

    /// <summary>What words name: <c>GROUP INSTANCE</c>, <c>KIND NAME ...</c>, <c>KIND/NAME ...</c>, or all of a kind.</summary>
    private static async Task<IReadOnlyList<(string Kind, string Name, string? Instance)>> ReadAsync(GroupClient client, string[] words, CancellationToken stop)
    {
        if (words is [var plain] && ObjectNames.KindOf(plain) is { } all && Kinds.Contains(all) && !await IsGroupAsync(client, plain, stop))
        {
            var listed = await new GetQuery(all, [], Output: null).AskAsync(client, stop);
            if (listed.Nothing is { } nothing) Console.Error.WriteLine(nothing);
            return [.. listed.Names.Select(name => (all, name, (string?)null))];
        }

        if (words is [var group, var instance] && ObjectNames.KindOf(group) is null && !instance.Contains('/')) return [("group", ObjectNames.Split(group, "group").Name, instance)];
        return [.. ObjectNames.Typed(words).Select(word => ObjectNames.Split(word, Kinds)).Select(found => (found.Kind, found.Name, (string?)null))];
    }

    /// <summary>A group may be called as a kind is: then it is meant.</summary>
    private static async Task<bool> IsGroupAsync(GroupClient client, string name, CancellationToken stop) =>
        (await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups.Any(group => group.Name == name);

    private static async Task<string> DescribeAsync(GroupClient client, string kind, string name, string? instance, CancellationToken stop)
    {
        var now = DateTimeOffset.UtcNow;
        switch (kind)
        {
            case "agent":
                return await DescribeAgentAsync(client, name, now, stop);
            case "policy":
                var policy = await client.GetAsync(ObjectNames.RouteOf(kind, name), GroupJson.Default.PolicyBody, stop);
                return PolicyTables.Describe(policy, await client.GetTextAsync($"{ObjectNames.RouteOf(kind, name)}/yaml", stop));
            case "instance":
                var owner = await GroupCommands.FindByInstanceAsync(client, name, stop);
                return GroupDescription.Of(owner, GroupDescription.Find(owner, name)!, now);
            case "group":
                var group = await GroupCommands.FindAsync(client, name, stop);
                if (instance is null) return GroupDescription.Of(group, now);
                return GroupDescription.Of(group, GroupDescription.Find(group, instance) ?? throw new UserErrorException(GroupDescription.NoInstance(group, instance)), now);
            default:
                return ObjectTables.Describe(await client.GetAsync(ObjectNames.RouteOf(kind, name), GroupJson.Default.ObjectBody, stop), now);
        }
    }

    private static async Task<string> DescribeAgentAsync(GroupClient client, string name, DateTimeOffset now, CancellationToken stop)
    {
        var agents = (await client.GetAsync("agents", GroupJson.Default.AgentListBody, stop)).Agents;
        var agent = agents.FirstOrDefault(each => each.Node == name) ?? throw GroupClient.NotFound($"agent is '{name}'; there is none of this name.");
        var groups = (await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups;
        return GroupDescription.Of(agent, [.. groups.Select(group => group with { Instances = [.. group.Instances.Where(instance => instance.Node == name)] })], now);
    }
}
