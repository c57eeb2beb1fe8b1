using System.Diagnostics;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>When the tokens of one stream came. One writer; read by others when it has ended.</summary>
internal sealed class StreamTimes
{
    private const long Break = long.MinValue;

    private readonly Lock _lock = new();
    private readonly List<long> _times = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _awaited = [];
    private int _count;

    /// <summary>A token came.</summary>
    public void Add(long time)
    {
        lock (_lock)
        {
            _times.Add(time);
            _count++;
            foreach (var (_, reached) in _awaited.Where(each => each.Count <= _count)) reached.TrySetResult();
            _awaited.RemoveAll(each => each.Count <= _count);
        }
    }

    /// <summary>The next token is another sequence's: the time before it is nobody's wait.</summary>
    public void BeginAnew()
    {
        lock (_lock) _times.Add(Break);
    }

    /// <summary>Ends when so many more tokens have come.</summary>
    public Task MoreAsync(int tokens)
    {
        lock (_lock)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (tokens <= 0) reached.SetResult();
            else _awaited.Add((_count + tokens, reached));
            return reached.Task;
        }
    }

    /// <summary>Milliseconds between two tokens which both came within a window.</summary>
    public IReadOnlyList<double> Intervals(Window window)
    {
        lock (_lock)
        {
            return
            [
                .. from pair in _times.Zip(_times.Skip(1))
                   where pair.First != Break && pair.Second != Break && pair.First >= window.From && pair.Second <= window.To
                   select Stopwatch.GetElapsedTime(pair.First, pair.Second).TotalMilliseconds,
            ];
        }
    }
}

/// <summary>From one moment to another, by <see cref="Stopwatch"/>.</summary>
internal readonly record struct Window(long From, long To)
{
    public static Window Since(long from) => new(from, Stopwatch.GetTimestamp());
}
