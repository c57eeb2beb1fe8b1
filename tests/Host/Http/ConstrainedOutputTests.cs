using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;
using OpenAI;
using OpenAI.Chat;

namespace ActorInference.Host.Tests.Http;

/// <summary>From the request's field to the tokens of a real model and back: a small one, which would never write such answers of itself.</summary>
public sealed class ConstrainedOutputTests(ServedNode node) : IClassFixture<ServedNode>
{
    private const string Person = """
        {"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":120},
         "likes":{"type":"array","items":{"enum":["tea","milk"]},"minItems":1,"maxItems":3}},"required":["name","age","likes"],"additionalProperties":false}
        """;

    [Fact]
    public async Task OpenAIs_client_gets_an_answer_of_its_schema()
    {
        ChatCompletion answer = await (await ChatAsync()).CompleteChatAsync(
            [ChatMessage.CreateUserMessage("Who are you?")],
            new ChatCompletionOptions { MaxOutputTokenCount = 400, ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("person", BinaryData.FromString(Person), jsonSchemaIsStrict: true) });

        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        AssertPerson(answer.Content[0].Text);
    }

    [Fact]
    public async Task OpenAIs_client_gets_the_call_that_it_demands()
    {
        var tool = ChatTool.CreateFunctionTool("greet", "Greets.", BinaryData.FromString("""
            {"type":"object","properties":{"to":{"$ref":"#/$defs/who"}},"required":["to"],"$defs":{"who":{"enum":["you","all"]}}}
            """));

        ChatCompletion answer = await (await ChatAsync()).CompleteChatAsync(
            [ChatMessage.CreateUserMessage("Hi")], new ChatCompletionOptions { MaxOutputTokenCount = 200, Tools = { tool }, ToolChoice = ChatToolChoice.CreateRequiredChoice() });

        Assert.Equal(ChatFinishReason.ToolCalls, answer.FinishReason);
        var call = Assert.Single(answer.ToolCalls);
        Assert.Equal("greet", call.FunctionName);
        Assert.Contains((string?)JsonNode.Parse(call.FunctionArguments.ToString())!["to"], (string[])["you", "all"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.2)]
    public async Task A_stream_keeps_to_its_schema_at_any_temperature(double temperature)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            using var response = await node.Server.Client.PostAsJsonAsync("/generate", Generate(temperature, seed, ("json_schema", Person)));
            var last = TestServer.ParseEvents(await response.Content.ReadAsStringAsync())[^1];

            Assert.Equal("stop", (string?)last["meta_info"]!["finish_reason"]!["type"]);
            AssertPerson((string)last["text"]!);
        }
    }

    [Fact]
    public async Task Expressions_and_grammars_are_kept_to()
    {
        Assert.Matches(@"^[A-Z]{3}-\d{4}$", await TextAsync(("regex", @"[A-Z]{3}-\d{4}")));
        Assert.Matches(@"^(tea|milk), please[.!]$", await TextAsync(("ebnf", """
            root ::= drink ", please" [.!]
            drink ::= "tea" | "milk"
            """)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_answer_with_guesses_and_without()
    {
        var plain = await TextAsync(("json_schema", Person));

        Assert.Equal(plain, await TextAsync(("json_schema", Person), ("prompt_lookup_num_tokens", 8)));
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_is_the_beginning_of_one()
    {
        using var response = await node.Server.Client.PostAsJsonAsync("/v1/completions", new JsonObject
        {
            ["prompt"] = "x", ["max_tokens"] = 4, ["response_format"] = new JsonObject { ["type"] = "json_object" },
        });
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal("length", (string?)answer["choices"]![0]!["finish_reason"]);
        Assert.StartsWith("{", (string?)answer["choices"]![0]!["text"]);
    }

    private async Task<ChatClient> ChatAsync() =>
        new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(node.Server.Client.BaseAddress!, "v1"), NetworkTimeout = Executable.Limit })
            .GetChatClient((string)(await node.Server.Client.GetFromJsonAsync<JsonNode>("/v1/models"))!["data"]![0]!["id"]!);

    private static void AssertPerson(string text)
    {
        using var read = JsonDocument.Parse(text);
        Assert.Equal(["name", "age", "likes"], read.RootElement.EnumerateObject().Select(static member => member.Name));
        Assert.InRange(read.RootElement.GetProperty("age").GetInt32(), 0, 120);
        Assert.InRange(read.RootElement.GetProperty("likes").GetArrayLength(), 1, 3);
        Assert.All(read.RootElement.GetProperty("likes").EnumerateArray(), static drink => Assert.Contains(drink.GetString(), (string[])["tea", "milk"]));
    }

    private static JsonObject Generate(double temperature, int seed, params (string Name, JsonNode Value)[] fields)
    {
        var sampling = new JsonObject { ["max_new_tokens"] = 400, ["temperature"] = temperature, ["sampling_seed"] = seed };
        foreach (var (name, value) in fields) sampling[name] = value;
        return new JsonObject { ["text"] = "Once", ["stream"] = true, ["sampling_params"] = sampling };
    }

    private async Task<string> TextAsync(params (string Name, JsonNode Value)[] fields)
    {
        using var response = await node.Server.Client.PostAsJsonAsync("/generate", Generate(1, 7, fields));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        return (string)TestServer.ParseEvents(body)[^1]["text"]!;
    }
}
