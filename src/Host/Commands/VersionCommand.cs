using System.CommandLine;
using System.Runtime.InteropServices;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference version</c>.</summary>
public static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(_ => Console.Out.WriteLine($"actorinference {ProductVersion.Text} ({RuntimeInformation.FrameworkDescription})"));
        return command;
    }
}
