using System.Globalization;
using ActorInference.Host.Groups;
using ActorInference.Roles.Groups.Control;
using Akka.Actor;
using Petabridge.Cmd;

namespace ActorInference.Host.Consoles;

/// <summary>What the palettes about groups have in common.</summary>
internal static class GroupConsole
{
    public static CommandDefinition Define(string name, string description, params string[] arguments)
    {
        var definition = new CommandDefinitionBuilder().WithName(name).WithDescription(description);
        foreach (var (index, word) in arguments.Index())
        {
            // The first of two that begin alike has the letter.
            var isLettered = arguments.Take(index).All(other => other[0] != word[0]);
            definition = definition.WithArgument(each => (isLettered ? each.WithName(word).WithSwitch($"--{word}").WithSwitch($"-{word[0]}") : each.WithName(word).WithSwitch($"--{word}")).WithDescription($"The {word}."));
        }

        return definition.Build();
    }

    /// <summary>Answers with what the groups' actors say.</summary>
    public static Task<CommandResponse> AnswerAsync(ActorSystem system, Func<GroupService, Task<string>> ask) => AnswerAsync(system, (groups, _) => ask(groups));

    /// <summary>Answers with what the actors of groups, sets, adapters and warm-ups say.</summary>
    public static async Task<CommandResponse> AnswerAsync(ActorSystem system, Func<GroupService, ObjectService, Task<string>> ask)
    {
        var regions = ControlHosting.FindRegions(system) ?? throw new GroupRefusedException("This node has no groups.");
        return new CommandResponse(await ask(new GroupService(system, regions), new ObjectService(regions)).ConfigureAwait(false));
    }

    /// <returns>Null if it is not given.</returns>
    /// <exception cref="GroupRefusedException">It is no number.</exception>
    public static int? Number(CommandArguments arguments, string name)
    {
        if (arguments.Value(name) is not { } text) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new GroupRefusedException($"--{name} is '{text}'; expected a whole number of at least 0.");
    }

    /// <exception cref="GroupRefusedException">It is not given.</exception>
    public static string Required(CommandArguments arguments, string name) =>
        arguments.ArgumentValues(name).FirstOrDefault() ?? throw new GroupRefusedException($"--{name} is missing; expected its value.");
}
