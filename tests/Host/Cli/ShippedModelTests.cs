using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>The model that the project ships, by the commands of its README.</summary>
public sealed class ShippedModelTests
{
    [Fact]
    public async Task Up_answers_a_prompt_without_naming_a_model()
    {
        var result = await Executable.RunAsync("up", "--prompt", "Hello!", "--max-tokens", "40");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Matches(@"^[A-Z][\w ,.!?'’""-]{5,}", result.Output);
        Assert.DoesNotContain("<|", result.Output);
    }

    [Fact]
    public async Task The_answer_is_the_same_each_time_and_as_text_what_it_is_as_json()
    {
        var text = await Executable.RunAsync("up", "--prompt", "Hello!", "--max-tokens", "20");
        var json = await Executable.RunAsync("up", "--prompt", "Hello!", "--max-tokens", "20", "--json");

        Assert.True(json.ExitCode == 0, json.ToString());
        Assert.Equal(text.Output, (string?)JsonNode.Parse(json.Output)!["text"] + "\n");
    }
}
