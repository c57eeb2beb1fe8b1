using System.CommandLine;
using System.Diagnostics;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;

namespace ActorInference.Control.Tests;

/// <summary>Types commands of the program, in this process: what they print is taken from the console.</summary>
/// <param name="server">Of the management routes.</param>
internal sealed class CommandUser(Uri server) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("control-user-");
    private int _files;

    /// <returns>Path of a file with this text.</returns>
    public string Write(string text)
    {
        var file = Path.Combine(_folder.FullName, $"{++_files}.yaml");
        File.WriteAllText(file, text);
        return file;
    }

    /// <returns>Path of a folder with these files.</returns>
    public string Folder(params (string Name, string Text)[] files)
    {
        var folder = Path.Combine(_folder.FullName, $"folder-{++_files}");
        foreach (var (name, text) in files)
        {
            var file = new FileInfo(Path.Combine(folder, name));
            file.Directory!.Create();
            File.WriteAllText(file.FullName, text);
        }

        return folder;
    }

    /// <summary>Runs a command that is to be done.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> DoAsync(string command)
    {
        var (exitCode, output, error) = await RunAsync(command);
        Assert.True(exitCode == 0, $"{command}: exit code {exitCode}: {error}");
        return output;
    }

    /// <param name="command">With spaces between its words.</param>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(string command)
    {
        var root = new RootCommand();
        foreach (var each in GroupCommands.All()) root.Add(each);
        var (output, error) = (Console.Out, Console.Error);
        using var written = new StringWriter { NewLine = "\n" };
        using var wrong = new StringWriter { NewLine = "\n" };
        Console.SetOut(written);
        Console.SetError(wrong);
        try
        {
            var words = command.Split(' ');
            var own = words.TakeWhile(word => word != "--").Count();   // What comes after the dashes is another program's.
            return (await CommandLine.RunAsync(root, [.. words[..own], "--server", server.ToString(), .. words[own..]]), written.ToString(), wrong.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    /// <summary>Runs a command again and again, until it says so.</summary>
    public async Task<string> UntilAsync(string command, Func<string, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var output = await DoAsync(command);
            if (condition(output)) return output;
            if (watch.Elapsed > ControlNode.Patience) Assert.Fail($"After {ControlNode.Patience.TotalSeconds} s still not: {what}. {output}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Words of one line of a table.</summary>
    public static string[] Words(string table, int line) => table.Split('\n')[line].Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _folder.Delete(recursive: true);
}
