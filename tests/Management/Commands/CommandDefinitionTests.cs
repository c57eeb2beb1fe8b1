using Petabridge.Cmd;

namespace ActorInference.Management.Tests.Commands;

public sealed class CommandDefinitionTests
{
    private static readonly CommandDefinition Drain = new CommandDefinitionBuilder()
        .WithName("drain").WithDescription("Take no more work.")
        .WithArgument(argument => argument.IsMandatory(true).WithName("worker").WithSwitch("-w").WithSwitch("--worker").WithDescription("Which."))
        .WithArgument(argument => argument.WithName("within").WithSwitch("-t").WithDefaultValues("1m", "5m"))
        .Build();

    [Fact]
    public void A_command_is_what_its_builder_was_told()
    {
        Assert.Equal("drain", Drain.Name);
        Assert.Equal("Take no more work.", Drain.Description);
        Assert.Equal(["within", "worker"], Drain.ArgumentsByName.Keys.Order());
        Assert.True(Drain.ArgumentsByName["worker"].IsMandatory);
        Assert.False(Drain.ArgumentsByName["within"].IsMandatory);
        Assert.Contains("--worker", Drain.ArgumentsByName["worker"].Switch);
    }

    [Fact]
    public void A_palette_has_its_commands() => Assert.NotNull(new CommandPalette("worker", new[] { Drain }));

    [Fact]
    public void An_answer_is_final_unless_it_says_otherwise()
    {
        Assert.True(new CommandResponse("done").Final);
        Assert.False(new CommandResponse("more follows", false).Final);
        Assert.True(CommandResponse.Empty.Final);
        Assert.IsAssignableFrom<CommandResponse>(new ErroredCommandResponse("no"));
    }
}
