using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Http;

/// <summary>A prompt whose pages are neither on the device nor in host memory any more, in a program that has a store.</summary>
public sealed class StorageTierTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-tiers-").FullName;

    [Fact]
    public async Task Pages_come_back_from_the_store_when_the_other_tiers_were_flushed()
    {
        var config = Path.Combine(_folder, "tiers.conf");
        await File.WriteAllTextAsync(
            config,
            """
            actor-inference.cache {
              l2.pages = 512
              prefetch { policy = wait-complete, min-tokens = 16 }
              client.query-deadline = 10s
            }
            """);
        await using var server = await RunningServer.StartAsync("--config", config);
        var watch = Stopwatch.StartNew();
        JsonNode again;
        int stored;
        do
        {
            // Pages are written behind: a prompt may have been flushed before its pages were stored.
            Assert.True(watch.Elapsed < Executable.Limit, "No page came from the store in time.");
            var salt = Guid.NewGuid().ToString("n");
            var first = await GenerateAsync(server, salt);
            using var flushed = await server.Client.PostAsync("/flush_cache", content: null);
            flushed.EnsureSuccessStatusCode();
            again = await GenerateAsync(server, salt);
            Assert.Equal($"{first["output_ids"]}", $"{again["output_ids"]}");
            stored = (int)again["meta_info"]!["cached_tokens_details"]!["storage"]!;
        }
        while (stored == 0);

        Assert.InRange((int)again["meta_info"]!["cached_tokens"]!, stored, 199);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<JsonNode> GenerateAsync(RunningServer server, string salt)
    {
        var request = new JsonObject
        {
            ["input_ids"] = new JsonArray([.. Enumerable.Range(0, 200).Select(i => (JsonNode)(300 + i * 7 % 1000))]),
            ["sampling_params"] = new JsonObject { ["max_new_tokens"] = 8, ["temperature"] = 0 },
            ["cache_salt"] = salt,
        };
        using var response = await server.Client.PostAsJsonAsync("/generate", request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
