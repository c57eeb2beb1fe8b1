using ActorInference.Host.Cli;
using Spectre.Console;

namespace ActorInference.Host.Consoles;

/// <summary>The console on a terminal: a prompt until <c>exit</c> or Ctrl-D. Ctrl-C ends the command that runs, not the console.</summary>
public sealed class ConsolePrompt(ConsoleShell shell, ConsoleTarget target)
{
    /// <returns>The exit code of the console, which is not that of its commands.</returns>
    public async Task<int> RunAsync()
    {
        var system = shell.Hello.System;
        AnsiConsole.MarkupLineInterpolated($"[bold]{system}[/] at {target}. [grey]help lists the commands, Tab completes, exit leaves.[/]");
        var completion = new CommandCompletion(shell.Hello, ConsoleShell.LocalWords);
        var editor = new LineEditor($"{system}> ", completion.Candidates);
        while (ReadLine(editor) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (ConsoleShell.IsEnd(line)) break;
            using var signals = new SignalCancellation();
            try
            {
                await shell.RunLineAsync(line, signals.Token);
            }
            catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
            {
                Console.WriteLine();
            }
        }

        return CommandLine.Success;
    }

    /// <summary>While a line is typed Ctrl-C is a key; while a command runs it is a signal.</summary>
    private static string? ReadLine(LineEditor editor)
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return editor.Read();
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }
}
