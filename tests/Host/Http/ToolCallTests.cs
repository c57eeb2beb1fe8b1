using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Actors.Generation;
using ActorInference.Host.Http.OpenAi.Tools;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Http;

public sealed class ToolCallTests
{
    private const string Path = "/v1/chat/completions";

    private const string Tools = """
        "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":8}},"required":["city"]}}},
                 {"type":"function","function":{"name":"time"}}]
        """;

    public static TheoryData<string, string, string[]> Answers => new()
    {
        { "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bonn\"}}\n</tool_call>", "", ["weather {\"city\": \"Bonn\"}"] },
        { "I look.\n<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Ulm\"}}</tool_call>", "I look.", ["time {}", "weather {\"city\":\"Ulm\"}"] },
        { "<tool_call>{\"name\":\"time\"}", "", ["time {}"] },
        { "{\"name\": \"weather\", \"parameters\": {\"city\": \"Bonn\"}}", "", ["weather {\"city\": \"Bonn\"}"] },
        { " [{\"name\":\"time\",\"arguments\":{}},{\"name\":\"time\",\"arguments\":\"{}\"}]", "", ["time {}", "time {}"] },
        { "{\"name\":\"other\",\"arguments\":{}}", "{\"name\":\"other\",\"arguments\":{}}", [] },
        { "{\"a\": 1}", "{\"a\": 1}", [] },
        { "{ is a brace", "{ is a brace", [] },
        { "<tool_call>not JSON</tool_call> so", "<tool_call>not JSON</tool_call> so", [] },
        { "a < b <tool", "a < b <tool", [] },
        { "Nothing.  \n", "Nothing.  \n", [] },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Calls_are_found_in_an_answer_and_the_rest_is_text(string said, string text, string[] calls)
    {
        await using var server = await TestServer.StartAsync(said);

        var (status, body) = await server.PostAsync(Path, $$"""{"messages":[{"role":"user","content":"Hi"}],{{Tools}}}""");

        Assert.Equal(HttpStatusCode.OK, status);
        var choice = body["choices"]![0]!;
        var message = choice["message"]!;
        Assert.Equal(calls.Length > 0 && text.Length == 0 ? null : text, (string?)message["content"]);
        Assert.Equal(calls, (message["tool_calls"]?.AsArray() ?? []).Select(Shown));
        Assert.Equal(calls.Length > 0 ? "tool_calls" : "stop", (string?)choice["finish_reason"]);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_stream_has_each_call_whole_and_the_same_text(string said, string text, string[] calls)
    {
        await using var server = await TestServer.StartAsync(said);

        var events = await server.StreamAsync(Path, $$"""{"stream":true,"messages":[{"role":"user","content":"Hi"}],{{Tools}}}""");

        var choices = events.Select(each => each["choices"]![0]!).ToList();
        Assert.Equal(text, string.Concat(choices.Select(choice => (string?)choice["delta"]!["content"])));
        var told = choices.SelectMany(choice => choice["delta"]!["tool_calls"]?.AsArray() ?? []).ToList();
        Assert.Equal(calls, told.Select(Shown));
        Assert.Equal(Enumerable.Range(0, calls.Length), told.Select(call => (int)call!["index"]!));
        Assert.Equal(calls.Length, told.Select(call => (string?)call!["id"]).Distinct().Count());
        Assert.Equal(calls.Length > 0 ? "tool_calls" : "stop", (string?)choices[^1]["finish_reason"]);
    }

    /// <summary>However the text is cut into tokens.</summary>
    [Fact]
    public void What_is_told_does_not_depend_on_where_the_text_is_cut()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        foreach (var row in Answers)
        {
            var (said, text, calls) = ((string)row[0], (string)row[1], (string[])row[2]);
            for (var round = 0; round < 50; round++)
            {
                var reader = new ToolCallReader(new HashSet<string> { "weather", "time" }, mayBeSeveral: true);
                var told = new StringBuilder();
                for (var at = 0; at < said.Length;)
                {
                    var length = Math.Min(said.Length - at, random.Next(1, 12));
                    told.Append(reader.Add(said.Substring(at, length)));
                    at += length;
                }

                told.Append(reader.End());
                Assert.True(text == told.ToString() && calls.SequenceEqual(reader.Calls.Select(call => $"{call.Name} {call.Arguments}")), $"'{told}' of '{said}', seed {seed}.");
            }
        }
    }

    [Fact]
    public async Task One_call_is_told_where_the_client_wants_one_at_a_time()
    {
        await using var server = await TestServer.StartAsync("[{\"name\":\"time\",\"arguments\":{}},{\"name\":\"weather\",\"arguments\":{}}]");

        var (_, body) = await server.PostAsync(Path, $$"""{"messages":[{"role":"user","content":"Hi"}],"parallel_tool_calls":false,{{Tools}}}""");

        Assert.Equal(["time {}"], body["choices"]![0]!["message"]!["tool_calls"]!.AsArray().Select(Shown));
    }

    [Fact]
    public async Task No_call_is_looked_for_where_none_may_be_made()
    {
        const string Call = "{\"name\":\"time\",\"arguments\":{}}";
        await using var server = await TestServer.StartAsync(Call);

        var (_, body) = await server.PostAsync(Path, $$"""{"messages":[{"role":"user","content":"Hi"}],"tool_choice":"none",{{Tools}}}""");

        Assert.Equal(Call, (string?)body["choices"]![0]!["message"]!["content"]);
        Assert.Null(server.Generator.Requests.Single().Sampling.Constraint);
    }

    [Theory]
    [InlineData("\"required\"", 2)]
    [InlineData("{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}", 1)]
    public async Task A_call_that_must_be_made_constrains_the_answer(string choice, int options)
    {
        await using var server = await TestServer.StartAsync("{\"name\":\"weather\",\"arguments\":{\"city\":\"Bonn\"}}");

        var (_, body) = await server.PostAsync(Path, $$"""{"messages":[{"role":"user","content":"Hi"}],"tool_choice":{{choice}},{{Tools}}}""");

        Assert.Equal(["weather {\"city\":\"Bonn\"}"], body["choices"]![0]!["message"]!["tool_calls"]!.AsArray().Select(Shown));
        var constraint = server.Generator.Requests.Single().Sampling.Constraint!;
        Assert.Equal(OutputConstraintKind.JsonSchema, constraint.Kind);
        Assert.Equal(options, JsonNode.Parse(constraint.Text)!["anyOf"]!.AsArray().Count);
    }

    private static string Shown(JsonNode? call)
    {
        Assert.Equal("function", (string?)call!["type"]);
        return $"{call["function"]!["name"]} {call["function"]!["arguments"]}";
    }
}
