using System.Diagnostics;

namespace ActorInference.Gpu.Ranks;

/// <summary>
/// The other ranks' processes: each lives as long as the standard input that it was given. One that ends before it is told to
/// fails the group at once.
/// </summary>
internal sealed class RankProcesses : IDisposable
{
    /// <summary>For a rank that was told to end; then it is killed.</summary>
    public static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(5);

    private readonly RankGroup _group;
    private readonly Lock _lock = new();
    private readonly List<Process> _processes = [];
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isEnding;

    /// <param name="group">Told of those that fail; outlives this.</param>
    /// <param name="program">How each rank but 0 is started.</param>
    public RankProcesses(RankGroup group, Func<int, ProcessStartInfo> program)
    {
        _group = group;
        try
        {
            for (var rank = 1; rank < group.Ranks; rank++) Start(rank, program(rank));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Ends when one has ended by itself, with the reason.</summary>
    public Task<Exception> Lost => _lost.Task;

    public void Dispose() => End(EndDeadline);

    /// <summary>Ends all of them, and has them ended when it returns: none of them writes to what is shared from then on.</summary>
    /// <param name="patience">After which they are killed.</param>
    public void End(TimeSpan patience)
    {
        lock (_lock)
        {
            if (_isEnding) return;
            _isEnding = true;
        }

        _group.Stop();
        foreach (var process in _processes) process.StandardInput.Close();
        var started = Stopwatch.GetTimestamp();
        foreach (var process in _processes)
        {
            var rest = patience - Stopwatch.GetElapsedTime(started);
            if (!process.WaitForExit(rest > TimeSpan.Zero ? rest : TimeSpan.Zero))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            process.Dispose();
        }
    }

    private void Start(int rank, ProcessStartInfo start)
    {
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => Report(rank, process);
        if (!process.Start()) throw new RankFailedException(rank, $"Rank {rank} did not start: {start.FileName}.");
        _processes.Add(process);
    }

    private void Report(int rank, Process process)
    {
        lock (_lock)
        {
            if (_isEnding) return;   // The group's memory may be gone.
            var failure = new RankFailedException(rank, $"Rank {rank}, process {process.Id}, has ended with exit code {process.ExitCode}.");
            _group.Fail(failure);
            _lost.TrySetResult(failure);
        }
    }
}
