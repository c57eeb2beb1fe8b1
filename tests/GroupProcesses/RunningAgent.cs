using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ActorInference.Host.Groups;
using ActorInference.Roles.Agents;

namespace ActorInference.GroupProcesses.Tests;

/// <summary>The built program as an agent, in a folder of its own. All that it began ends with the test.</summary>
internal sealed partial class RunningAgent : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "actorinference.dll");

    private readonly string _folder = Directory.CreateTempSubdirectory("group-").FullName;
    private ChildProcess? _agent;
    private string _server = "";

    /// <summary>Skips where agents cannot keep processes.</summary>
    public static void SkipWhereNoneCanRun() =>
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");

    public string Data => Path.Combine(_folder, "data");

    public async Task StartAsync()
    {
        _agent = new ChildProcess("dotnet", [Program, "agent", "--data", Data, "--cluster-port", "0", "--management-port", "0", "--cmd-port", "none", "--node-name", "here", "--log-level", "Warning"]);
        await UntilAsync(() => ServerPattern().IsMatch(_agent.Output) || _agent.HasExited, () => $"the agent says where it is: {_agent.Output}{_agent.Error}");
        _server = ServerPattern().Match(_agent.Output).Groups[1].Value;
        Assert.True(_server.Length > 0, $"The agent has ended: {_agent.Error}");
    }

    /// <summary>Ends the agent as a crash does.</summary>
    public async Task KillAsync()
    {
        using (var victim = Process.GetProcessById(_agent!.Id)) victim.Kill();   // It alone, and not what it began.
        await _agent.WaitAsync(Patience);
    }

    /// <summary>A command of the program against this agent.</summary>
    public async Task<ChildResult> RunAsync(params string[] arguments) => await ChildProcess.RunAsync("dotnet", [Program, .. arguments, "--server", _server], Patience);

    public async Task<string> OutputAsync(params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
        return result.Output;
    }

    public async Task<string> ApplyAsync(string yaml)
    {
        var file = Path.Combine(_folder, $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, yaml);
        return await OutputAsync("apply", "-f", file);
    }

    /// <summary>A group as the routes show it; null if they do not.</summary>
    public async Task<GroupBody?> FindAsync(string group)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        try
        {
            var text = await http.GetStringAsync($"{_server}/groups/{group}");
            return JsonSerializer.Deserialize(text, GroupJson.Default.GroupBody);
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Asks until it is so.</summary>
    public async Task<GroupBody> UntilAsync(string group, Func<GroupBody, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        GroupBody? last = null;
        while (watch.Elapsed < Patience)
        {
            if (await FindAsync(group) is { } body && condition(last = body)) return body;
            await timer.WaitForNextTickAsync();
        }

        var logs = string.Join("\n", Directory.Exists(Path.Combine(Data, "instances"))
            ? Directory.EnumerateDirectories(Path.Combine(Data, "instances")).Select(folder => $"--- {Path.GetFileName(folder)}\n{LogFiles.Tail(new InstanceFolder(folder).Log)}")
            : []);
        Assert.Fail($"After {Patience.TotalSeconds} s still not: {what}.\n{(last is null ? "" : GroupDescription.Of(last, DateTimeOffset.UtcNow))}\nagent: {_agent?.Error}\n{logs}");
        return last!;
    }

    public Task<GroupBody> UntilReadyAsync(string group, long revision) =>
        UntilAsync(group, body => body.Status == "Ready" && body.Revision == revision && body.StableRevision == revision, $"revision {revision} is rolled out");

    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"After {Patience.TotalSeconds} s still not: {what()}.");
            }
        }
    }

    /// <summary>Processes of instances, and their keepers: all that run in the agent's folder.</summary>
    public IReadOnlyList<int> Processes() => [.. Directory.EnumerateDirectories("/proc")
        .Where(each => int.TryParse(Path.GetFileName(each), out _) && FolderOf(each)?.StartsWith(_folder, StringComparison.Ordinal) == true)
        .Select(each => int.Parse(Path.GetFileName(each), System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>Asks for the group's end, and waits for the end of all that it had.</summary>
    public async Task DeleteAsync(string group)
    {
        var memory = MemoryFolders();
        await OutputAsync("delete", group);
        await UntilAsync(() => InstanceFolders().Count == 0 && Processes().Count == 0 && !memory.Any(Directory.Exists), () => $"nothing is left of {group}, but {string.Join(", ", Processes())}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
        foreach (var pid in Processes()) End(pid);
        await UntilAsync(() => Processes().Count == 0, () => "all processes have ended");
        foreach (var memory in MemoryFolders().Where(Directory.Exists)) Directory.Delete(memory, recursive: true);
        Directory.Delete(_folder, recursive: true);
    }

    private IReadOnlyList<string> InstanceFolders() => Directory.Exists(Path.Combine(Data, "instances")) ? Directory.GetDirectories(Path.Combine(Data, "instances")) : [];

    private IReadOnlyList<string> MemoryFolders() => [.. InstanceFolders().Select(folder => new VolumeFolders(Data).MemoryOf(Path.GetFileName(folder)))];

    private static string? FolderOf(string process)
    {
        try
        {
            return File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;   // It has ended meanwhile, or is another user's.
        }
    }

    /// <summary>Ends a process as a crash does, if it has not ended by itself.</summary>
    public static void End(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended meanwhile.
        }
    }

    [GeneratedRegex("Groups: (http://[^/]+)/groups")]
    private static partial Regex ServerPattern();
}
