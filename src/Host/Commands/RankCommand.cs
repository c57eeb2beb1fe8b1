using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Ranks;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference rank</c>: a rank of a divided model, which the process of rank 0 starts, and which ends with it.</summary>
public static class RankCommand
{
    private const string Name = "rank";

    /// <summary>For a process that has died to be seen as dead.</summary>
    private static readonly TimeSpan DeathDeadline = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    public static Command Create()
    {
        var options = new Options();
        var command = new Command(Name, "A rank of a model that another process has divided.") { Hidden = true };
        foreach (var option in options.All) command.Add(option);
        command.SetAction(parsed => Run(parsed.GetRequiredValue(options.Model), options.Read(parsed)));
        return command;
    }

    /// <summary>The arguments with which a rank is started.</summary>
    public static IEnumerable<string> Arguments(string model, RankInvitation invitation) =>
    [
        Name, "--model", model,
        "--rank", Text(invitation.Rank),
        "--ranks", Text(invitation.Ranks),
        "--group", invitation.GroupPath,
        "--pool", invitation.PoolPath,
        "--pool-pages", Text(invitation.PoolPages),
        "--page-size", Text(invitation.PageSizeTokens),
        "--kv-dtype", invitation.KvDtype.ToString(),
        "--threads", Text(invitation.Threads),
        "--batch-tokens", Text(invitation.MaxBatchTokens),
        "--step-deadline-ms", Text((int)invitation.StepDeadline.TotalMilliseconds),
        .. invitation.Device is { } device ? new[] { "--cuda", Text(device) } : [],
    ];

    private static int Run(string model, RankInvitation invitation)
    {
        // A signal for the whole group of processes is for rank 0 to answer: it finishes what it has, and ends this one then.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static signal => signal.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, static signal => signal.Cancel = true);
        new Thread(() => EndWithInput(invitation)) { IsBackground = true, Name = "lifeline" }.Start();
        if (invitation.Device is null) RankWorker.Run(model, invitation);
        else CudaRankWorker.Run(model, invitation, CudaBackend.KernelCache);
        return CommandLine.Success;
    }

    /// <summary>Ends the process when standard input does. If rank 0's process has died, what it shared goes with it.</summary>
    private static void EndWithInput(RankInvitation invitation)
    {
        using (var input = Console.OpenStandardInput())
        {
            var buffer = new byte[64];
            while (input.Read(buffer) > 0)
            {
            }
        }

        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < DeathDeadline)
        {
            // A device's pages are no file.
            if (SharedSegment.RemoveIfAbandoned(invitation.GroupPath) && (invitation.Device is not null || SharedSegment.RemoveIfAbandoned(invitation.PoolPath))) break;
            Thread.Sleep(LookAgain);
        }

        Environment.Exit(CommandLine.Success);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Options
    {
        private readonly Option<int> _rank = new("--rank") { Required = true };
        private readonly Option<int> _ranks = new("--ranks") { Required = true };
        private readonly Option<string> _group = new("--group") { Required = true };
        private readonly Option<string> _pool = new("--pool") { Required = true };
        private readonly Option<int> _poolPages = new("--pool-pages") { Required = true };
        private readonly Option<int> _pageSize = new("--page-size") { Required = true };
        private readonly Option<KvDtype> _kvDtype = new("--kv-dtype") { Required = true };
        private readonly Option<int> _threads = new("--threads") { Required = true };
        private readonly Option<int> _batchTokens = new("--batch-tokens") { Required = true };
        private readonly Option<int> _stepDeadline = new("--step-deadline-ms") { Required = true };
        private readonly Option<int?> _cuda = new("--cuda");

        public Option<string> Model { get; } = new("--model") { Required = true };

        public IEnumerable<Option> All => [Model, _rank, _ranks, _group, _pool, _poolPages, _pageSize, _kvDtype, _threads, _batchTokens, _stepDeadline, _cuda];

        public RankInvitation Read(ParseResult parsed) => new(
            parsed.GetValue(_rank), parsed.GetValue(_ranks), parsed.GetRequiredValue(_group), parsed.GetRequiredValue(_pool), parsed.GetValue(_poolPages),
            parsed.GetValue(_pageSize), parsed.GetValue(_kvDtype), parsed.GetValue(_threads), parsed.GetValue(_batchTokens),
            TimeSpan.FromMilliseconds(parsed.GetValue(_stepDeadline)), parsed.GetValue(_cuda));
    }
}
