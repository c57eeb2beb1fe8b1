using System.Collections.Immutable;
using System.Text;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Constraints;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Sampling;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Gpu.Tests.Constraints;

/// <summary>Tokens 0 to 127 are ASCII characters, 128 is "123", 200 ends an output.</summary>
public sealed class ConstrainedSamplingTests
{
    private const int Vocab = 201;
    private const int Number = 128;
    private const int End = 200;

    private static readonly TokenVocabulary Vocabulary = TokenVocabulary.Create(
        Enumerable.Range(0, Vocab).Select(static id => id < 128 ? [(byte)id] : id == Number ? "123"u8.ToArray() : Array.Empty<byte>()));

    [Fact]
    public void The_best_token_that_is_admitted_is_chosen_and_an_end_only_where_the_output_is_complete()
    {
        var (sampler, state) = Start(@"\d{4}", new SamplingOptions { Temperature = 0 });

        Assert.Equal('7', Choose(sampler, state, ('x', 9), ('7', 2), (End, 10)));
        Assert.Equal(Number, Choose(sampler, state, ('x', 9), ('7', 2), (Number, 3), (End, 10)));
        Assert.Equal(End, Choose(sampler, state, ('x', 9), (Number, 3)));
    }

    [Fact]
    public void Draws_are_among_what_is_admitted()
    {
        var (sampler, state) = Start("[ab]*", new SamplingOptions { Temperature = 1, TopP = 0.9f, Seed = 3 });

        for (var i = 0; i < 200; i++) Assert.Contains(Choose(sampler, state, ('x', 9), ('a', 1), ('b', 1), (End, -100)), (int[])['a', 'b']);
    }

    [Fact]
    public void Where_nothing_may_follow_the_output_ends_whatever_other_options_say()
    {
        var options = new SamplingOptions { Temperature = 0, MinNewTokens = 10, IgnoreEos = true };
        var (sampler, state) = Start("ab", options);
        Choose(sampler, state, ('x', 9));
        Choose(sampler, state, ('x', 9));

        Assert.Equal(End, Choose(sampler, state, ('x', 9)));
        Assert.True(sampler.Ends(End, state.Options));
    }

    [Fact]
    public void A_stop_token_ends_only_what_is_complete()
    {
        var (sampler, state) = Start("a{2}", new SamplingOptions { Temperature = 0, StopTokenIds = [150] });

        Assert.Equal('a', Choose(sampler, state, (150, 9)));
        Assert.Equal('a', Choose(sampler, state, (150, 9)));
        Assert.Equal(150, Choose(sampler, state, (150, 9)));
    }

    [Fact]
    public void Where_the_model_has_no_token_that_goes_on_it_says_so()
    {
        var (sampler, state) = Start("é", new SamplingOptions { Temperature = 0 });

        Assert.Contains("constraint", Assert.Throws<InvalidLogitsException>(() => Choose(sampler, state, ('x', 9))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_with_a_constraint_that_was_not_made_ready_are_a_mistake() =>
        Assert.Throws<ArgumentException>(() => new SamplerState(Options("a", new SamplingOptions()), [], []));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1.5, 0)]
    [InlineData(0, 8)]
    public void An_engines_output_keeps_to_it_and_goes_on_elsewhere_just_so(double temperature, int lookup)
    {
        var sampling = Options(@"[a-f]{3}(-[0-9]{2}|x{4})+\.", new SamplingOptions { MaxNewTokens = 40, Temperature = (float)temperature, Seed = 5, PromptLookupTokens = lookup });
        var expected = Run(sampling, [], out var finish);
        var text = Encoding.ASCII.GetString([.. expected.Where(static token => token != End).SelectMany(static token => token == Number ? "123"u8.ToArray() : [(byte)token])]);

        Assert.Matches(@"^[a-f]{3}(-[0-9]{2}|x{4})+(\.$|-?[0-9]?$|x*$)", text);
        Assert.True(finish == FinishReason.Length || text.EndsWith('.'), $"It ends after '{text}'.");
        for (var begun = 1; begun < expected.Count; begun++) Assert.Equal(expected.Skip(begun), Run(sampling, [.. expected.Take(begun)], out _));
    }

    private static List<int> Run(SamplingOptions sampling, ImmutableArray<int> output, out FinishReason finish)
    {
        using var pool = ScriptedRunner.Pool(64, 4);
        using var runner = new ScriptedRunner(pool, vocabSize: Vocab);
        var events = new RecordingEvents(pool);
        var engine = new InferenceEngine(runner, new EngineOptions { StepTarget = TimeSpan.Zero, EndTokenIds = [End] }, events, TimeProvider.System);
        var constraint = new TokenConstraint(GrammarProgram.Compile(sampling.Constraint!), Vocabulary);
        var id = engine.Add(new SequenceSpec([1, 2, 3, 'a', 'b'], output, sampling, SequenceMode.Generate) { Constraint = constraint });
        for (var steps = 0; engine.Step().DidWork; steps++) Assert.True(steps < 1_000, "The engine does not come to an end.");
        finish = events.Ends[id].Item1;
        return events.Tokens[id];
    }

    private static SamplingOptions Options(string pattern, SamplingOptions options) => options with { Constraint = new OutputConstraint(OutputConstraintKind.Regex, pattern) };

    private static (Sampler Sampler, SamplerState State) Start(string pattern, SamplingOptions options)
    {
        var constrained = Options(pattern, options);
        var constraint = new TokenConstraint(GrammarProgram.Compile(constrained.Constraint!), Vocabulary);
        return (new Sampler(Vocab, [End]), new SamplerState(constrained, [], [], constraint));
    }

    private static int Choose(Sampler sampler, SamplerState state, params (int Token, float Logit)[] high)
    {
        var logits = new float[Vocab];
        foreach (var (token, logit) in high) logits[token] = logit;
        var chosen = sampler.Sample(logits, state, out _);
        state.Observe(chosen);
        return chosen;
    }
}
