using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference version</c>, and <c>--version</c>, which says the same.</summary>
public static class VersionCommand
{
    private static string Text => $"actorinference {ProductVersion.Text} ({RuntimeInformation.FrameworkDescription})";

    public static void AddTo(RootCommand root)
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(_ => Console.Out.WriteLine(Text));
        root.Add(command);
        foreach (var option in root.Options.OfType<VersionOption>()) option.Action = new Print();
    }

    private sealed class Print : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            Console.Out.WriteLine(Text);
            return 0;
        }
    }
}
