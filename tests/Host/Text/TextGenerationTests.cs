using System.Text;
using ActorInference.Actors.Generation;
using ActorInference.Host.Tests.Testing;
using ActorInference.Host.Text;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tests.Text;

public sealed class TextGenerationTests
{
    [Fact]
    public async Task The_finish_is_in_the_last_tokens_update()
    {
        var updates = await RunAsync(Script.Say("abcdef"), Request() with { Sampling = new SamplingOptions { MaxNewTokens = 3 } });

        Assert.Equal(["a", "b", "c"], updates.Select(update => update.Text));
        Assert.Equal([0, 1, 2], updates.Select(update => update.Index));
        Assert.Equal([null, null, new TextFinish(FinishReason.Length)], updates.Select(update => update.Finish));
    }

    [Fact]
    public async Task An_end_token_leaves_no_text_but_is_counted()
    {
        var updates = await RunAsync(Script.SayAll("ab"), Request());

        Assert.Equal("ab", Text(updates));
        Assert.Equal([.. TestModel.Ids("ab"), TestModel.Eos], updates.Select(update => update.TokenId));
        Assert.Equal(new TextFinish(FinishReason.Stop, TestModel.Eos), updates[^1].Finish);
    }

    [Fact]
    public async Task A_stop_token_leaves_no_text_unless_it_is_to_be_kept()
    {
        var request = Request() with { Sampling = new SamplingOptions { StopTokenIds = [(int)'c'] } };

        Assert.Equal("ab", Text(await RunAsync(Script.Say("abcd"), request)));
        Assert.Equal("abc", Text(await RunAsync(Script.Say("abcd"), request with { KeepStop = true })));
    }

    [Fact]
    public async Task A_stop_string_over_several_tokens_is_trimmed_and_cancels_the_generation()
    {
        var generator = new ScriptedGenerator(_ => Script.Say("one STOP and on and on"));
        var updates = await RunAsync(generator, Request() with { StopStrings = ["STOP"] });

        Assert.Equal("one ", Text(updates));
        Assert.Equal(8, updates.Count);
        Assert.Equal(new TextFinish(FinishReason.Stop, MatchedText: "STOP"), updates[^1].Finish);
        await Deadline.OnAsync(generator.Cancelled);
        Assert.Equal(0, generator.Running);
    }

    [Fact]
    public async Task Text_held_back_for_a_stop_string_comes_with_the_end()
    {
        var updates = await RunAsync(Script.SayAll("wait ST"), Request() with { StopStrings = ["STOP"] });

        Assert.Equal("wait ST", Text(updates));
        Assert.Equal("ST", updates[^1].Text);
    }

    [Fact]
    public async Task Stop_strings_wait_for_the_least_number_of_tokens()
    {
        var request = Request() with { StopStrings = ["."], Sampling = new SamplingOptions { MinNewTokens = 4 } };

        Assert.Equal("a.bc", Text(await RunAsync(Script.Say("a.bc.d"), request)));
    }

    [Fact]
    public async Task A_character_of_several_tokens_comes_whole_with_its_last()
    {
        var updates = await RunAsync(Script.Say("é€😀"), Request());

        Assert.Equal("é€😀", Text(updates));
        Assert.Equal(["", "é", "", "", "€", "", "", "", "😀"], updates.Take(9).Select(update => update.Text));
    }

    [Fact]
    public async Task A_character_that_was_not_finished_shows_as_a_replacement()
    {
        var updates = await RunAsync(new Script([.. TestModel.Ids("a"), 0xE2, 0x82]), Request() with { Sampling = new SamplingOptions { MaxNewTokens = 3 } });

        Assert.Equal("a\uFFFD", Text(updates));
    }

    [Fact]
    public async Task An_abort_is_a_finish_and_not_an_exception()
    {
        using var aborted = new CancellationTokenSource();
        var script = Script.Say("abc") with { Before = (index, cancel) => index < 2 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancel) };
        var updates = new List<TextUpdate>();
        await foreach (var update in Generation(new ScriptedGenerator(_ => script)).RunAsync(Request() with { Aborted = aborted.Token }))
        {
            updates.Add(update);
            if (updates.Count == 2) await aborted.CancelAsync();
        }

        Assert.Equal("ab", Text(updates));
        Assert.Equal(new TextFinish(FinishReason.Aborted), updates[^1].Finish);
        Assert.False(updates[^1].HasToken);
    }

    [Fact]
    public async Task A_failure_of_one_answer_cancels_the_others_and_is_what_the_caller_sees()
    {
        var endless = Script.Say("a") with { Before = (_, cancel) => Task.Delay(Timeout.Infinite, cancel) };
        var generator = new ScriptedGenerator(request => request.PromptIds[0] == 'x' ? Script.Fail(GenerationError.Overloaded, "full") : endless);
        var requests = "abx".Select((name, index) => new TextRequest(index, [name], new SamplingOptions())).ToList();

        var failure = await Assert.ThrowsAsync<GenerationFailedException>(async () =>
        {
            await foreach (var _ in Generation(generator).RunAllAsync(requests)) { }
        });

        Assert.Equal(GenerationError.Overloaded, failure.Error);
        Assert.Equal(0, generator.Running);
    }

    [Fact]
    public async Task Several_answers_are_each_in_order_and_complete()
    {
        var generator = new ScriptedGenerator(request => Script.SayAll(new string((char)request.PromptIds[0], 50)));
        var requests = "abcd".Select((name, index) => new TextRequest(index, [name], new SamplingOptions())).ToList();
        var texts = new string[4];
        var finished = 0;
        await foreach (var update in Generation(generator).RunAllAsync(requests))
        {
            texts[update.Choice] += update.Text;
            if (update.Finish is not null) finished++;
        }

        Assert.Equal("abcd".Select(name => new string(name, 50)), texts);
        Assert.Equal(4, finished);
    }

    /// <summary>Tokens are bytes here, so this cuts text inside characters and stop strings alike.</summary>
    [Fact]
    public async Task Streamed_text_equals_the_whole_text_trimmed_at_the_stop_string()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] alphabet = ["a", "b", "é", "€", "😀", "."];
        for (var round = 0; round < 300; round++)
        {
            var text = Draw(random.Next(1, 30));
            var stop = Draw(random.Next(1, 4));
            var updates = await RunAsync(Script.SayAll(text), Request() with { StopStrings = [stop] });
            var at = text.IndexOf(stop, StringComparison.Ordinal);
            Assert.True((at < 0 ? text : text[..at]) == Text(updates), $"seed {seed}, round {round}: '{text}' with '{stop}' gave '{Text(updates)}'");
        }

        string Draw(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => alphabet[random.Next(alphabet.Length)]));
    }

    private static TextRequest Request() => new(0, [1], new SamplingOptions());

    private static TextGeneration Generation(ScriptedGenerator generator) => new(generator, TestModel.Create());

    private static Task<List<TextUpdate>> RunAsync(Script script, TextRequest request) => RunAsync(new ScriptedGenerator(_ => script), request);

    private static async Task<List<TextUpdate>> RunAsync(ScriptedGenerator generator, TextRequest request)
    {
        var updates = new List<TextUpdate>();
        await foreach (var update in Generation(generator).RunAsync(request)) updates.Add(update);
        return updates;
    }

    private static string Text(IEnumerable<TextUpdate> updates) =>
        updates.Aggregate(new StringBuilder(), (text, update) => text.Append(update.Text)).ToString();
}
