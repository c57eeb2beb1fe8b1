using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Consoles;

/// <summary>The palette <c>cache</c> and the route <c>/cache</c> of the built program.</summary>
public sealed class CacheConsoleTests(CacheConsoleTests.PatientNode node) : IClassFixture<CacheConsoleTests.PatientNode>
{
    /// <summary>Deadlines that a busy machine keeps.</summary>
    public sealed class PatientNode : ServedNode
    {
        protected override string[] Arguments =>
        [
            "--set", "actor-inference.cache.client.query-deadline=30s", "--set", "actor-inference.cache.client.transfer-deadline=30s",
            "--set", "actor-inference.cache.suspect-after=60s",
        ];
    }

    [SkippableFact]
    public async Task Show_has_the_store_and_what_the_shards_count()
    {
        await UntilAsync(cache => cache["stores"]!.AsArray().Count == 1, "the store is known");

        var result = await RunAsync("show");

        Assert.Matches(@"^STORE +STATE +MEMORY +OF +PAGES +DISK +OF +ALERTS\nstore-[0-9a-f]{32} +up +[\d.]+ MiB +256\.0 MiB +\d+ +[\d.]+ MiB +[\d.]+ MiB +(-|\S+)\npages: \d+, [\d.]+ MiB\nasked: \d+, found: \d+, evicted: 0, lost: 0\n$", result.Output);
    }

    [SkippableFact]
    public async Task A_page_is_listed_pinned_and_evicted()
    {
        var asked = 0;
        await Deadline.UntilAsync(
            async () =>
            {
                // Another each time: what is written behind may be given up, and what is known is not written again.
                using var answer = await node.Server.Client.PostAsJsonAsync("/generate", new { input_ids = Enumerable.Range(300 + asked++, 100), sampling_params = new { max_new_tokens = 1 } });
                Assert.True(answer.IsSuccessStatusCode);
                return (int)(await CacheAsync())["shards"]!["pages"]! >= 6;
            },
            "pages are stored");

        var listed = await RunAsync("ls", "-n", "3");
        var key = listed.Output.Split('\n')[1].Split(' ')[0];
        var pinned = await RunAsync("pin", "-k", key, "-s", "60");
        var free = await RunAsync("pin", "-k", key, "-s", "0");
        var evicted = await RunAsync("evict", "-m", ".");

        Assert.StartsWith("KEY ", listed.Output);
        Assert.Equal(4, listed.Output.TrimEnd().Split('\n').Length);
        Assert.Equal($"{key} is pinned for 60 s.\n", pinned.Output);
        Assert.Equal($"{key} is not pinned.\n", free.Output);
        Assert.Matches(@"^\d+ pages were removed\.\n$", evicted.Output);
    }

    [SkippableFact]
    public async Task The_tier_is_detached_and_attached_while_the_node_serves()
    {
        var detached = await RunAsync("detach");
        var attached = await RunAsync("attach");

        Assert.Matches(@"^WORKER +STORAGE TIER\n(decode-0 +detached\nprefill-0 +detached|prefill-0 +detached\ndecode-0 +detached)\n$", detached.Output);
        Assert.Matches(@"^WORKER +STORAGE TIER\n(decode-0 +attached\nprefill-0 +attached|prefill-0 +attached\ndecode-0 +attached)\n$", attached.Output);
    }

    [SkippableTheory]
    [InlineData("There are no pages of 'nobody'.", 0, "ls", "-t", "nobody")]
    [InlineData("key is 'zz'; expected 32 hexadecimal digits, as ls has them.", 1, "pin", "-k", "zz")]
    [InlineData("limit is 'x'; expected a whole number of at least 0.", 1, "ls", "-n", "x")]
    [InlineData("store is 'nobody'; expected one of store-", 1, "snapshot", "-s", "nobody")]
    public async Task What_is_wrong_or_not_there_is_said(string expected, int exitCode, params string[] command)
    {
        await UntilAsync(cache => cache["stores"]!.AsArray().Count == 1, "the store is known");

        var result = await RunAsync(command, exitCode);

        Assert.StartsWith(exitCode == 0 ? expected : $"actorinference: {expected}", exitCode == 0 ? result.Output : result.Error);
    }

    [Fact]
    public async Task The_route_has_shards_and_stores()
    {
        await UntilAsync(cache => cache["stores"]!.AsArray().Count == 1, "the store is known");
        var cache = await CacheAsync();

        Assert.Equal(16, (int)cache["shards"]!["count"]!);
        var store = cache["stores"]![0]!;
        Assert.Equal(("up", 256L << 20), ((string?)store["state"], (long)store["capacity_bytes"]!));
        Assert.True((int)store["pages"]! >= 0);
        Assert.NotNull(store["alerts"]);
    }

    private Task UntilAsync(Func<JsonNode, bool> condition, string what) => Deadline.UntilAsync(async () => condition(await CacheAsync()), what);

    /// <summary>A shard that is too busy to answer in the route's time is asked again.</summary>
    private async Task<JsonNode> CacheAsync()
    {
        JsonNode? cache = null;
        await Deadline.UntilAsync(
            async () =>
            {
                using var response = await node.Server.Client.GetAsync(new Uri(node.Management, "cache"));
                if (response.StatusCode == HttpStatusCode.ServiceUnavailable) return false;
                response.EnsureSuccessStatusCode();
                cache = await response.Content.ReadFromJsonAsync<JsonNode>();
                return true;
            },
            "the route answers");
        return cache!;
    }

    private Task<ChildResult> RunAsync(params string[] command) => RunAsync(command, exitCode: 0);

    private async Task<ChildResult> RunAsync(string[] command, int exitCode)
    {
        var result = await node.CommandAsync(["cache", .. command]);
        Skip.If(result.ExitCode == 1 && result.Error.Contains("pbm", StringComparison.Ordinal), "The node's console speaks the protocol of the Petabridge.Cmd package; its client is pbm.");
        Assert.True(result.ExitCode == exitCode, result.ToString());
        return result;
    }
}
