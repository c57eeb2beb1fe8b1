namespace ActorInference.Roles.Agents;

/// <summary>Does a host's part of a warm-up: sees that images are in the store, and runs programs to their end, one after the other.</summary>
internal static class WarmupRun
{
    public static async Task<AgentProtocol.Warmed> RunAsync(AgentOptions options, AgentProtocol.Warm warm)
    {
        using var deadline = new CancellationTokenSource(warm.Limit);
        try
        {
            foreach (var image in warm.Images) Touch(options.Images.Find(image));
            foreach (var launch in warm.Actions)
            {
                if (await ExecuteAsync(options, launch, deadline.Token).ConfigureAwait(false) is { } failure) return Ended($"{launch.Instance}: {failure}");
            }

            return Ended("");
        }
        catch (OperationCanceledException)
        {
            return Ended($"not done within {warm.Limit.TotalSeconds:0} s");
        }
        catch (Exception failure) when (failure is ImageException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return Ended(failure.Message);
        }

        AgentProtocol.Warmed Ended(string message) => new(warm.Warmup, options.Node, message.Length == 0, message);
    }

    /// <summary>Reads a bundle once, so that the page cache has it.</summary>
    private static void Touch(ImageBundle bundle)
    {
        var buffer = new byte[1 << 20];
        foreach (var file in Directory.EnumerateFiles(bundle.Folder, "*", SearchOption.AllDirectories))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
            while (stream.Read(buffer) > 0)
            {
            }
        }
    }

    /// <returns>Why it failed; null if it did not.</returns>
    private static async Task<string?> ExecuteAsync(AgentOptions options, InstanceLaunch launch, CancellationToken stop)
    {
        var folder = options.FolderOf(launch.Instance);
        var record = new InstanceRecord(launch, [], launch.Revision, DateTimeOffset.UtcNow, Restarts: 0, Failures: 0, LastEnd: null, []);
        var surroundings = InstanceSurroundings.Of(record, options.Images.Find(launch.Image), folder, options.Volumes, options.Address, options.Inherited);
        Directory.CreateDirectory(folder.Data);
        try
        {
            foreach (var volume in surroundings.Folders) Directory.CreateDirectory(volume);
            var (code, output) = await CommandRun.RunAsync(surroundings.Command, surroundings.Context, stop).ConfigureAwait(false);
            return code == 0 ? null : $"exit code {code}: {string.Join(' ', output.TrimEnd().Split('\n').TakeLast(3))}";
        }
        finally
        {
            folder.Delete();
            options.Volumes.Release(launch.Pod);
        }
    }
}
