using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>A real model through the built program: what comes out must be what an independent implementation computed.</summary>
public sealed class ReferenceModelTests
{
    private const string Model = "stories260K";

    [SkippableFact]
    public async Task Up_with_a_prompt_continues_as_the_reference_does()
    {
        var folder = Folder();
        foreach (var reference in ReferenceCase.Load(folder))
        {
            var result = await Executable.RunAsync(
                "up", "--model", folder, "--prompt", reference.Prompt, "--max-tokens", $"{reference.GreedyIds.Length}", "--json");

            Assert.True(result.ExitCode == 0, result.ToString());
            var answer = JsonNode.Parse(result.Output)!;
            Assert.Equal(reference.GreedyIds, Ids(answer["output_ids"]!));
            Assert.Equal(reference.Text, (string?)answer["text"]);
            Assert.Equal(reference.PromptIds.Length, (int?)answer["prompt_tokens"]);
        }
    }

    [SkippableFact]
    public async Task Up_with_a_prompt_prints_only_the_completion_and_needs_no_port()
    {
        var folder = Folder();
        var reference = ReferenceCase.Load(folder)[0];
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var result = await Executable.RunAsync(
            "up", "--model", folder, "--prompt", reference.Prompt, "--max-tokens", $"{reference.GreedyIds.Length}",
            "--port", $"{((IPEndPoint)taken.LocalEndpoint).Port}");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(reference.Text + "\n", result.Output);
    }

    [SkippableTheory]
    [InlineData("1")]
    [InlineData("16")]
    [InlineData("64")]
    public async Task Every_endpoint_continues_as_the_reference_does_whatever_the_page_size(string pageSize)
    {
        var folder = Folder();
        await using var server = await RunningServer.StartAsync("--model", folder, "--page-size", pageSize);
        foreach (var reference in ReferenceCase.Load(folder))
        {
            await CheckGenerateAsync(server.Client, reference);
            await CheckCompletionsAsync(server.Client, reference);
        }
    }

    [SkippableFact]
    public async Task Eight_prompts_of_mixed_lengths_at_once_continue_as_each_alone()
    {
        var folder = Folder();
        var cases = ReferenceCase.Load(folder);
        cases = [.. cases, .. cases];
        await using var server = await RunningServer.StartAsync("--model", folder);
        var body = new JsonObject
        {
            ["input_ids"] = new JsonArray([.. cases.Select(reference => Array(reference.PromptIds))]),
            ["sampling_params"] = new JsonArray([.. cases.Select(reference => Greedy(reference.GreedyIds.Length))]),
        };

        var answers = (await PostAsync(server.Client, "/generate", body)).AsArray();

        for (var i = 0; i < cases.Count; i++) Assert.Equal(cases[i].GreedyIds, Ids(answers[i]!["output_ids"]!));
    }

    [SkippableFact]
    public async Task A_server_becomes_healthy_names_its_model_and_ends_in_order_on_sigterm()
    {
        Skip.If(OperatingSystem.IsWindows(), "SIGTERM is not sent on Windows");
        await using var server = await RunningServer.StartAsync("--model", Folder(), "--served-model-name", "tiny");

        using var health = await server.Client.GetAsync("/health_generate");
        var models = await server.Client.GetFromJsonAsync<JsonNode>("/v1/models");
        var info = await server.Client.GetFromJsonAsync<JsonNode>("/server_info");
        var end = await server.TerminateAsync();

        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal("tiny", (string?)models!["data"]![0]!["id"]);
        Assert.Equal((512, 16), ((int)info!["context_length"]!, (int)info["page_size"]!));
        Assert.Contains("curl http://127.0.0.1:", server.Output);
        Assert.True(end.ExitCode == 0, end.ToString());
    }

    private static async Task CheckGenerateAsync(HttpClient client, ReferenceCase reference)
    {
        var byText = new JsonObject { ["text"] = reference.Prompt, ["sampling_params"] = Greedy(reference.GreedyIds.Length) };
        var byIds = new JsonObject { ["input_ids"] = Array(reference.PromptIds), ["sampling_params"] = Greedy(reference.GreedyIds.Length), ["stream"] = true };

        var whole = await PostAsync(client, "/generate", byText);
        using var response = await client.PostAsync("/generate", JsonContent.Create(byIds));
        var events = TestServer.ParseEvents(await response.Content.ReadAsStringAsync());

        Assert.Equal(reference.GreedyIds, Ids(whole["output_ids"]!));
        Assert.Equal(reference.Text, (string?)whole["text"]);
        Assert.Equal(reference.GreedyIds.Length, events.Count);
        Assert.Equal(reference.GreedyIds, Ids(events[^1]["output_ids"]!));
        Assert.Equal(reference.Text, (string?)events[^1]["text"]);
    }

    private static async Task CheckCompletionsAsync(HttpClient client, ReferenceCase reference)
    {
        var body = new JsonObject
        {
            ["prompt"] = reference.Prompt,
            ["max_tokens"] = reference.GreedyIds.Length,
            ["temperature"] = 0,
            ["return_token_ids"] = true,
        };

        var answer = await PostAsync(client, "/v1/completions", body);

        Assert.Equal(reference.GreedyIds, Ids(answer["choices"]![0]!["token_ids"]!));
        Assert.Equal(reference.Text, (string?)answer["choices"]![0]!["text"]);
        Assert.Equal(reference.PromptIds.Length, (int?)answer["usage"]!["prompt_tokens"]);
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, JsonObject body)
    {
        using var response = await client.PostAsync(path, JsonContent.Create(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    internal static string Folder()
    {
        var folder = Repository.TestModel(Model);
        Skip.If(folder is null, $"the model {Model} is not on this machine; ACTORINFERENCE_TEST_MODELS names the folder of models");
        return folder!;
    }

    private static JsonObject Greedy(int tokens) => new() { ["temperature"] = 0, ["max_new_tokens"] = tokens, ["ignore_eos"] = true };

    private static JsonArray Array(int[] ids) => new([.. ids.Select(id => JsonValue.Create(id))]);

    private static int[] Ids(JsonNode node) => [.. node.AsArray().Select(id => (int)id!)];
}
