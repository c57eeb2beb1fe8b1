using System.Text.Json.Nodes;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Serving;
using ActorInference.Host.Tests.Testing;
using ActorInference.Host.Text;

namespace ActorInference.Host.Tests.Cli;

public sealed class PromptRunTests
{
    private readonly ScriptedGenerator _generator = new(_ => Script.SayAll("Hé!") with { CachedTokens = 2 });

    [Fact]
    public async Task The_answer_and_a_line_end_are_all_that_is_printed()
    {
        Assert.Equal("Hé!" + Environment.NewLine, await RunAsync(new PromptOptions("Hi", Raw: false, Json: false)));
    }

    [Fact]
    public async Task A_model_with_a_template_reads_the_prompt_as_a_users_message()
    {
        await RunAsync(new PromptOptions("Hi", Raw: false, Json: false));
        await RunAsync(new PromptOptions("Hi", Raw: true, Json: false));
        await RunAsync(new PromptOptions("Hi", Raw: false, Json: false), TestModel.Create() with { ChatTemplate = null });

        var prompts = _generator.Requests.Select(request => request.PromptIds.ToArray()).ToList();
        Assert.Equal([TestModel.Bos, .. TestModel.Ids("[user]Hi\n[assistant]")], prompts[0]);
        Assert.Equal([TestModel.Bos, .. TestModel.Ids("Hi")], prompts[1]);
        Assert.Equal(prompts[1], prompts[2]);
    }

    [Fact]
    public async Task Json_is_one_object_with_text_ids_and_figures()
    {
        var answer = JsonNode.Parse(await RunAsync(new PromptOptions("Hi", Raw: true, Json: true)))!;

        Assert.Equal(
            ["text", "output_ids", "prompt_tokens", "completion_tokens", "cached_tokens", "ttft_ms", "tokens_per_second"],
            answer.AsObject().Select(field => field.Key));
        Assert.Equal("Hé!", (string?)answer["text"]);
        Assert.Equal([.. TestModel.Ids("Hé!"), TestModel.Eos], answer["output_ids"]!.AsArray().Select(id => (int)id!));
        Assert.Equal((3, 5, 2), ((int)answer["prompt_tokens"]!, (int)answer["completion_tokens"]!, (int)answer["cached_tokens"]!));
        Assert.True((double)answer["ttft_ms"]! > 0 && (double)answer["tokens_per_second"]! > 0);
    }

    [Fact]
    public async Task Without_further_options_sampling_is_greedy()
    {
        await RunAsync(new PromptOptions("Hi", Raw: true, Json: false));
        await RunAsync(new PromptOptions("Hi", Raw: true, Json: false) { Temperature = 0.5f, TopP = 0.9f, TopK = 3, Seed = 8, MaxTokens = 9 });

        var sampling = _generator.Requests.Select(request => request.Sampling).ToList();
        Assert.Equal(0, sampling[0].Temperature);
        Assert.Equal((0.5f, 0.9f, 3, 8UL, 9), (sampling[1].Temperature, sampling[1].TopP, sampling[1].TopK, sampling[1].Seed, sampling[1].MaxNewTokens));
    }

    [Fact]
    public async Task A_prompt_that_does_not_fit_is_the_users_error()
    {
        var error = await Assert.ThrowsAsync<UserErrorException>(() => RunAsync(new PromptOptions(new string('a', 300), Raw: true, Json: false)));

        Assert.Equal("The prompt has 301 tokens; expected at most 255, since the model's context is 256 tokens.", error.Message);
    }

    private async Task<string> RunAsync(PromptOptions options, ServedModel? model = null)
    {
        model ??= TestModel.Create();
        var output = new StringWriter();
        await new PromptRun(model, new TextGeneration(_generator, model)).RunAsync(options, output, CancellationToken.None);
        return output.ToString();
    }
}
