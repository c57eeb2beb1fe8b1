using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tests.Http;

public sealed class InfoTests
{
    [Fact]
    public async Task Models_lists_the_one_that_is_served()
    {
        await using var server = await TestServer.StartAsync("x");

        var list = await GetAsync(server, "/v1/models");
        var one = await GetAsync(server, "/v1/models/bytes");

        Assert.Equal("bytes", (string?)list["data"]![0]!["id"]);
        Assert.Equal(TestModel.ContextTokens, (int?)list["data"]![0]!["max_model_len"]);
        Assert.True(JsonNode.DeepEquals(list["data"]![0], one));
    }

    [Theory]
    [InlineData("/server_info")]
    [InlineData("/get_server_info")]
    public async Task Server_info_tells_page_size_and_context(string path)
    {
        await using var server = await TestServer.StartAsync("x");

        var info = await GetAsync(server, path);

        Assert.Equal(16, (int?)info["page_size"]);
        Assert.Equal(TestModel.ContextTokens, (int?)info["context_length"]);
        Assert.Single(info["internal_states"]!.AsArray());
    }

    [Theory]
    [InlineData("/model_info")]
    [InlineData("/get_model_info")]
    public async Task Model_info_tells_where_the_model_is(string path)
    {
        await using var server = await TestServer.StartAsync("x");

        var info = await GetAsync(server, path);

        Assert.Equal(TestModel.Create().Folder, (string?)info["model_path"]);
        Assert.True((bool?)info["is_generation"]);
    }

    [Fact]
    public async Task Health_waits_for_workers()
    {
        await using var server = await TestServer.StartAsync("x");
        Assert.Equal("ok", (string?)(await GetAsync(server, "/health"))["status"]);

        server.Readiness.IsReady = false;
        using var response = await server.Client.GetAsync("/health");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Health_generate_makes_a_token_and_fails_with_the_cluster()
    {
        await using var server = await TestServer.StartAsync("x");
        await using var broken = await TestServer.StartAsync(_ => Script.Fail(GenerationError.Unavailable, "No worker."));

        using var good = await server.Client.GetAsync("/health_generate");
        using var bad = await broken.Client.GetAsync("/health_generate");

        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        Assert.Equal(1, Assert.Single(server.Generator.Requests).Sampling.MaxNewTokens);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, bad.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/v1")]
    public async Task Tokenize_and_detokenize_are_inverse(string prefix)
    {
        await using var server = await TestServer.StartAsync("x");

        var (_, tokens) = await server.PostAsync(prefix + "/tokenize", """{"prompt":"Hé"}""");
        var (_, bare) = await server.PostAsync(prefix + "/tokenize", """{"prompt":["a","bc"],"add_special_tokens":false}""");
        var (_, text) = await server.PostAsync(prefix + "/detokenize", $$"""{"tokens":{{tokens["tokens"]!.ToJsonString()}}}""");
        var (_, texts) = await server.PostAsync(prefix + "/detokenize", """{"tokens":[[97],[98,256]],"skip_special_tokens":false}""");

        Assert.Equal("""{"tokens":[256,72,195,169],"count":4,"max_model_len":256}""", tokens.ToJsonString());
        Assert.Equal("""{"tokens":[[97],[98,99]],"count":[1,2],"max_model_len":256}""", bare.ToJsonString());
        Assert.Equal("Hé", (string?)text["text"]);
        Assert.Equal("""["a","b<s>"]""", texts["text"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    private static async Task<JsonNode> GetAsync(TestServer server, string path) => (await server.Client.GetFromJsonAsync<JsonNode>(path))!;

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Flushing_the_cache_reaches_the_workers(string method)
    {
        await using var server = await TestServer.StartAsync("x");

        using var response = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/flush_cache"));

        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, server.Generator.Flushes);
    }
}
