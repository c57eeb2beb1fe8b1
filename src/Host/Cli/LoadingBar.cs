using System.Diagnostics;
using ActorInference.Gpu.Models;
using Spectre.Console;

namespace ActorInference.Host.Cli;

/// <summary>Shows on stderr how far a model is loaded: a bar on a terminal, two plain lines elsewhere.</summary>
public static class LoadingBar
{
    /// <param name="name">What is loaded.</param>
    /// <param name="load">Loads it on the calling thread and reports progress.</param>
    public static T Show<T>(string name, Func<IProgress<LoadProgress>, T> load)
    {
        if (Console.IsErrorRedirected) return ShowLines(name, load);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask(Markup.Escape($"Loading {name}"));
                return load(new Reporter(progress =>
                {
                    task.MaxValue = Math.Max(progress.TotalBytes, 1);
                    task.Value = progress.LoadedBytes;
                }));
            });
    }

    private static T ShowLines<T>(string name, Func<IProgress<LoadProgress>, T> load)
    {
        Console.Error.WriteLine($"Loading {name} ...");
        var started = Stopwatch.GetTimestamp();
        var bytes = 0L;
        var loaded = load(new Reporter(progress => bytes = progress.TotalBytes));
        Console.Error.WriteLine($"Loaded {name} ({bytes / 1e6:0.0} MB) in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s.");
        return loaded;
    }

    /// <summary>Reports on the calling thread; <see cref="Progress{T}"/> would report from the pool, late and out of order.</summary>
    private sealed class Reporter(Action<LoadProgress> report) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => report(value);
    }
}
