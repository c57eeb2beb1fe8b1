using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;
using ActorInference.Roles.Agents;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference image</c>: the bundles that this host's agent can run.</summary>
public static class ImageCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Folder of the agent. Default: the same as the agent's.", Recursive = true };
        var command = new Command("image", "The bundles that this host's agent can run.") { data };
        var reference = new Argument<string>("image") { Description = "name:version." };
        var folder = new Argument<string>("folder") { Description = $"With the program, and perhaps a {ImageStore.ManifestFile} that names its entrypoint." };
        var add = new Command("add", "Copy a folder into the store.") { reference, folder };
        add.SetAction(parsed => Run(parsed.GetValue(data), store => Console.Out.WriteLine($"{store.Add(parsed.GetRequiredValue(reference), parsed.GetRequiredValue(folder)).Reference} added")));
        var list = new Command("ls", "What is in the store.");
        list.SetAction(parsed => Run(parsed.GetValue(data), store => Console.Out.WriteLine(GroupTables.Write(
            ["IMAGE", "AGE", "FOLDER"],
            store.List().Select(bundle => (IReadOnlyList<string>)[bundle.Reference, bundle.AddedAt is { } at ? GroupTables.Age(DateTimeOffset.UtcNow - at) : "<self>", bundle.Folder])))));
        var removed = new Argument<string>("image") { Description = "name:version." };
        var remove = new Command("rm", "Take an image out of the store.") { removed };
        remove.SetAction(parsed => Run(parsed.GetValue(data), store =>
        {
            store.Remove(parsed.GetRequiredValue(removed));
            Console.Out.WriteLine($"{parsed.GetRequiredValue(removed)} removed");
        }));
        command.Add(add);
        command.Add(list);
        command.Add(remove);
        return command;
    }

    private static int Run(string? data, Action<ImageStore> run)
    {
        try
        {
            run(AgentOptionsFactory.OpenImages(AgentCommand.AgentData(data)));
            return CommandLine.Success;
        }
        catch (ImageException wrong)
        {
            throw new UserErrorException(wrong.Message, wrong);
        }
    }
}
