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
        foreach (var argument in arguments)
        {
            var word = argument;
            definition = definition.WithArgument(each => each.WithName(word).WithSwitch($"--{word}").WithSwitch($"-{word[0]}").WithDescription($"The {word}."));
        }

        return definition.Build();
    }

    /// <summary>Answers with what the groups' actors say.</summary>
    public static async Task<CommandResponse> AnswerAsync(ActorSystem system, Func<GroupService, Task<string>> ask)
    {
        var regions = ControlHosting.FindRegions(system) ?? throw new GroupRefusedException("This node has no groups.");
        return new CommandResponse(await ask(new GroupService(system, regions)).ConfigureAwait(false));
    }

    /// <exception cref="GroupRefusedException">It is not given.</exception>
    public static string Required(CommandArguments arguments, string name) =>
        arguments.ArgumentValues(name).FirstOrDefault() ?? throw new GroupRefusedException($"--{name} is missing; expected a {name}.");
}
