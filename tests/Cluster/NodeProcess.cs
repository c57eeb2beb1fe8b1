using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ActorInference.Cluster.Tests;

/// <summary>A node in a process of its own. Killed when disposed; it ends by itself if this process does.</summary>
public sealed class NodeProcess : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private const int LogLinesShown = 60;

    private readonly Process _process;
    private readonly string _name;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<string>> _orders = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lines _events = new();
    private readonly Lines _errors = new();
    private readonly Lines _log = new();
    private int _lastOrder;

    private NodeProcess(string name, IReadOnlyList<string> prefix, IEnumerable<string> arguments)
    {
        _name = name;
        var program = Path.Combine(AppContext.BaseDirectory, "ActorInference.TestNode.dll");
        string[] line = [.. prefix, "dotnet", program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, data) => OnLine(data.Data);
        _process.ErrorDataReceived += (_, data) => _errors.Add(data.Data);
        _process.Exited += (_, _) => OnExited();
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>As others know it.</summary>
    public string Address { get; private set; } = "";

    public bool IsRunning => !_process.HasExited;

    /// <summary>What it has said that happened, in order.</summary>
    public IReadOnlyList<string> Events => _events.All;

    /// <summary>Starts a process and waits until its system runs.</summary>
    /// <param name="prefix">What runs the program, as <c>ip netns exec NAME</c>; empty for none.</param>
    public static async Task<NodeProcess> StartAsync(string name, IReadOnlyList<string> prefix, params string[] arguments)
    {
        var node = new NodeProcess(name, prefix, arguments);
        try
        {
            node.Address = await node._ready.Task.WaitAsync(Patience);
            return node;
        }
        catch (TimeoutException)
        {
            await node.DisposeAsync();
            throw new TimeoutException($"{node} has not become ready.");
        }
    }

    /// <summary>Gives an order and waits for the answer.</summary>
    /// <exception cref="NodeFailedException">It could not, or it ended.</exception>
    /// <exception cref="TimeoutException">It says nothing.</exception>
    public async Task<string> AskAsync(string order, TimeSpan? patience = null)
    {
        var number = Interlocked.Increment(ref _lastOrder);
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders[number] = answer;
        try
        {
            lock (_orders)
            {
                if (_process.HasExited) throw new NodeFailedException($"{_name} has ended.");
                _process.StandardInput.WriteLine($"{number} {order}");
                _process.StandardInput.Flush();
            }

            return await answer.Task.WaitAsync(patience ?? Patience);
        }
        catch (IOException e)
        {
            throw new NodeFailedException($"{_name} has ended: {e.Message}");
        }
        finally
        {
            _orders.TryRemove(number, out _);
        }
    }

    /// <summary>Whether it gives that answer; not if it could give none.</summary>
    public async Task<bool> HasAnsweredAsync(string order, string answer)
    {
        try
        {
            return await AskAsync(order) == answer;
        }
        catch (NodeFailedException) when (IsRunning)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<MemberView>> MembersAsync() =>
        [.. (await AskAsync("members")).Split(';', StringSplitOptions.RemoveEmptyEntries).Select(MemberView.Parse)];

    /// <summary>Waits until its events are as wanted.</summary>
    public Task UntilEventsAsync(string what, Func<IReadOnlyList<string>, bool> holds) => Until.HoldsAsync($"{_name} says {what}; it said {this}", () => Task.FromResult(holds(Events)));

    /// <summary>As <c>kill -9</c>.</summary>
    public void Kill()
    {
        if (IsRunning) _process.Kill();
    }

    /// <summary>Sends a signal: STOP lets it stand still, CONT go on.</summary>
    public async Task SignalAsync(string signal) => await Shell.RunAsync("kill", $"-{signal}", $"{_process.Id}");

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Patience);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{this} has not ended.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
    }

    public override string ToString() => $"{_name} {Address}: {string.Join(", ", Events)}\n{string.Join('\n', _log.All.TakeLast(LogLinesShown))}\n{string.Join('\n', _errors.All)}";

    private void OnLine(string? line)
    {
        if (line is null) return;
        var (word, rest) = Split(line);
        if (word == "ready") _ready.TrySetResult(rest);
        else if (word == "event") _events.Add(rest);
        else if (!int.TryParse(word, CultureInfo.InvariantCulture, out var number)) _log.Add(line);
        else if (_orders.TryRemove(number, out var answer)) Answer(answer, rest);
    }

    private static void Answer(TaskCompletionSource<string> answer, string line)
    {
        var (outcome, text) = Split(line);
        if (outcome == "ok") answer.TrySetResult(text);
        else answer.TrySetException(new NodeFailedException(text));
    }

    private void OnExited()
    {
        var failure = new NodeFailedException($"{_name} has ended.");
        _ready.TrySetException(new NodeFailedException($"{this} ended at its start."));
        foreach (var answer in _orders.Values) answer.TrySetException(failure);
    }

    private static (string Word, string Remainder) Split(string line) => line.IndexOf(' ') is >= 0 and var end ? (line[..end], line[(end + 1)..]) : (line, "");

    private sealed class Lines
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> All
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public void Add(string? line)
        {
            if (line is null) return;
            lock (_lines) _lines.Add(line);
        }
    }
}

/// <summary>What a node could not do, or that it is no more.</summary>
public sealed class NodeFailedException(string message) : Exception(message);

/// <summary>A member, as one node sees it.</summary>
public sealed record MemberView(string Address, string Uid, string Status, bool IsReachable)
{
    public static MemberView Parse(string text) => text.Split(' ') is [var address, var uid, var status]
        ? new MemberView(address, uid, status.TrimEnd('!'), !status.EndsWith('!'))
        : throw new FormatException($"'{text}' is no member.");
}
