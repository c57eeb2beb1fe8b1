using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>Router, prefill, decode, master and store, each a process: ended in order or killed, and begun again on the same folders.</summary>
public sealed class RestartTests : IDisposable
{
    private const int PromptTokens = 200;
    private const int StoredTokens = 192;   // Whole pages of 16.
    private const int StoredPages = StoredTokens / 16;
    private const double BackWithinSeconds = 5;

    /// <summary>On a machine with nothing else to do they take less than that; on a busy one they take as long as they take.</summary>
    private const int BackWithinRequests = 10;

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-restart-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_on_disk_is_not_computed_again_after_an_orderly_end_and_after_a_crash()
    {
        var outputs = new List<string>();
        await using (var first = await StartAsync())
        {
            for (var i = 0; i < 3; i++) outputs.Add(Output(await GenerateAsync(first, i)));
            // Written behind, and not on disk yet; the end sees to that.
            await AskUntilAsync(first, outputs, cache => (int)cache["shards"]!["pages"]! >= 3 * StoredPages, "the pages are stored");
            var end = await first.TerminateAsync();
            Assert.True(end.ExitCode == 0, end.ToString());
        }

        await using (var second = await StartAsync())
        {
            await CheckAsync(second, outputs);
            for (var i = 3; i < 5; i++) outputs.Add(Output(await GenerateAsync(second, i)));
            await AskUntilAsync(second, outputs, cache => DiskPages(cache) >= 5 * StoredPages, "a snapshot has been written");
        }   // All its processes are killed.

        await using var third = await StartAsync();
        await CheckAsync(third, outputs);
    }

    private Task<RunningServer> StartAsync()
    {
        var config = Path.Combine(_folder, "tiers.conf");
        // Deadlines that a busy machine keeps, since a miss would be computed; and snapshots that need not be waited for.
        File.WriteAllText(
            config,
            $$"""
            actor-inference.cache {
              l2.pages = 512, suspect-after = 60s
              prefetch { policy = wait-complete, only-if-faster = off }
              client { query-deadline = 20s, transfer-deadline = 20s }
              store { path = "{{Path.Combine(_folder, "store")}}", memory = 64MiB, snapshot-interval = 300ms, report-interval = 100ms }
            }
            """);
        return RunningServer.StartInAsync(Path.Combine(_folder, "data"), "--processes", "--config", config, "--management-port", "0");
    }

    /// <summary>
    /// Every prompt is answered as before, and what is computed of it is what fills no page. The time until then is the store's own account
    /// of reading its files and the requests' own of what they took: how long processes take to start is no matter of the cache, and on
    /// a busy machine they take as long as they take.
    /// </summary>
    private static async Task CheckAsync(RunningServer server, List<string> outputs)
    {
        var loadSeconds = 0.0;
        await UntilAsync(
            server,
            cache =>
            {
                if (cache["stores"]!.AsArray().SingleOrDefault() is not { } store || ((long?)store["warmed"] ?? 0) < outputs.Count * StoredPages) return false;
                loadSeconds = (double)store["load_ms"]! / 1000;
                return true;
            },
            "the store has read its files");
        var (seconds, requests, before, after) = (loadSeconds, 0, 0, 0);
        await Deadline.UntilAsync(
            async () =>
            {
                // Until the prefill process, too, has heard of the store.
                var answer = await AskAnewAsync(server, 0);
                requests++;
                seconds += (double)answer["meta_info"]!["e2e_latency"]!;
                before += StoredTokens - Storage(answer);
                return Storage(answer) == StoredTokens;
            },
            "pages come from the store");
        for (var i = 0; i < outputs.Count; i++)
        {
            var answer = await AskAnewAsync(server, i);
            Assert.Equal(outputs[i], Output(answer));
            after += StoredTokens - Storage(answer);
        }

        var account = $"{before} stored tokens were computed again before the first hit, {after} after it; reading the files took {loadSeconds:0.000} s, and until the first hit, of {requests} requests, {seconds:0.000} s.";
        Assert.True(after == 0, account);
        Assert.True(loadSeconds < BackWithinSeconds && (seconds < BackWithinSeconds || requests <= BackWithinRequests), account);
    }

    /// <summary>Asks a prompt that only the store may have.</summary>
    private static async Task<JsonNode> AskAnewAsync(RunningServer server, int prompt)
    {
        using var flushed = await server.Client.PostAsync("/flush_cache", content: null);
        return await GenerateAsync(server, prompt);
    }

    /// <summary>Pages that no store could take yet, since the prefill process had not heard of it, are written when they are used again.</summary>
    private static Task AskUntilAsync(RunningServer server, List<string> outputs, Func<JsonNode, bool> condition, string what) => UntilAsync(
        server,
        async cache =>
        {
            if (condition(cache)) return true;
            for (var i = 0; i < outputs.Count; i++) Assert.Equal(outputs[i], Output(await GenerateAsync(server, i)));
            return false;
        },
        what);

    private static Task UntilAsync(RunningServer server, Func<JsonNode, bool> condition, string what) => UntilAsync(server, cache => Task.FromResult(condition(cache)), what);

    private static async Task UntilAsync(RunningServer server, Func<JsonNode, Task<bool>> condition, string what)
    {
        var route = new Uri(Regex.Match(server.Output, @"curl (http://\S+)/ready").Groups[1].Value + "/cache");
        await Deadline.UntilAsync(
            async () =>
            {
                using var response = await server.Client.GetAsync(route);
                return response.IsSuccessStatusCode && await condition((await response.Content.ReadFromJsonAsync<JsonNode>())!);
            },
            what);
    }

    private static long DiskPages(JsonNode cache) => cache["stores"]!.AsArray().Sum(store => (long?)store!["disk_pages"] ?? 0);

    private static int Storage(JsonNode answer) => (int)answer["meta_info"]!["cached_tokens_details"]!["storage"]!;

    private static string Output(JsonNode answer) => answer["output_ids"]!.ToJsonString();

    private static async Task<JsonNode> GenerateAsync(RunningServer server, int prompt)
    {
        var random = new Random(prompt);
        using var response = await server.Client.PostAsJsonAsync("/generate", new
        {
            input_ids = Enumerable.Range(0, PromptTokens).Select(_ => random.Next(300, 1300)).ToArray(),
            sampling_params = new { max_new_tokens = 4, temperature = 0, ignore_eos = true },
        });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
