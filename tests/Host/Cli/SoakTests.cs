using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>The built program under steady load.</summary>
public sealed class SoakTests
{
    private const int Requests = 2000;
    private const int Concurrency = 16;

    /// <summary>What the collector may keep at one moment and not at another.</summary>
    private const long AllowedGrowthBytes = 48L << 20;

    [Fact]
    public async Task Two_thousand_requests_at_concurrency_sixteen_end_well_in_flat_memory()
    {
        // Tiers that are full long before the half: what they may take is theirs to take.
        await using var server = await RunningServer.StartAsync(
            "--served-model-name", "demo", "--set", "actor-inference.cache.l2.size=8MiB", "--set", "actor-inference.cache.store.memory=8MiB");
        await RunAsync(server, from: 0, to: Requests / 2);
        List<long> memory = [server.MemoryBytes];

        // What leaks, leaks in every half; what the collector happens to keep in one, it does not in the next.
        do
        {
            await RunAsync(server, from: memory.Count * Requests / 2, to: (memory.Count + 1) * Requests / 2);
            memory.Add(server.MemoryBytes);
        }
        while (memory[^1] - memory[^2] >= AllowedGrowthBytes && memory.Count < 5);

        Assert.True(memory[^1] - memory[^2] < AllowedGrowthBytes, $"Memory grew after each half: {string.Join(", ", memory.Select(bytes => $"{bytes >> 20} MiB"))}.");
        var end = await server.TerminateAsync();
        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.DoesNotContain("fail:", end.Error);
    }

    private static async Task RunAsync(RunningServer server, int from, int to)
    {
        var next = from - 1;
        await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < to; i = Interlocked.Increment(ref next)) await AskAsync(server.Client, i);
        }));
    }

    private static async Task AskAsync(HttpClient client, int number)
    {
        var random = new Random(number);
        var tokens = random.Next(1, 12);
        var streams = number % 2 == 0;
        var body = new JsonObject
        {
            ["prompt"] = string.Join(' ', Enumerable.Range(0, random.Next(1, 40)).Select(_ => $"word{random.Next(50)}")),
            ["max_tokens"] = tokens,
            ["seed"] = number,
            ["ignore_eos"] = true,
            ["stream"] = streams,
            ["stream_options"] = streams ? new JsonObject { ["include_usage"] = true } : null,
        };
        using var response = await client.PostAsync("/v1/completions", JsonContent.Create(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"Request {number}: {text}");
        var last = streams ? TestServer.ParseEvents(text)[^1] : JsonNode.Parse(text)!;
        Assert.Equal(tokens, (int?)last["usage"]!["completion_tokens"]);
    }
}
