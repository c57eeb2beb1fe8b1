using ActorInference.Actors.Generation;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Tests.Constraints;

public sealed class TokenConstraintTests
{
    /// <summary>Against the plain way: each token's bytes by themselves.</summary>
    [Fact]
    public void A_token_may_come_if_its_bytes_can_go_on()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var program = GrammarProgram.Compile(new OutputConstraint(OutputConstraintKind.JsonSchema, """{"type":"array","items":{"anyOf":[{"type":"integer"},{"type":"string"},{"$ref":"#"}]}}"""));
        for (var round = 0; round < 20; round++)
        {
            var tokens = Enumerable.Range(0, 300).Select(_ => Token(random)).ToArray();
            var (constraint, automaton) = (new TokenConstraint(program, TokenVocabulary.Create(tokens)), new ConstraintAutomaton(program));
            var (state, plain) = (constraint.Start, automaton.Start);
            for (var step = 0; step < 30; step++)
            {
                var logits = Enumerable.Range(0, tokens.Length + 7).Select(_ => random.NextSingle()).ToArray();
                constraint.Apply(state, logits);
                for (var id = 0; id < logits.Length; id++)
                {
                    var mayCome = id < tokens.Length && tokens[id].Length > 0 && !ReferenceEquals(automaton.Advance(plain, tokens[id]), ConstraintState.Dead);
                    Assert.True(mayCome == float.IsFinite(logits[id]), $"Token {id} in step {step}, seed {seed}.");
                }

                var next = Enumerable.Range(0, tokens.Length).Where(id => float.IsFinite(logits[id])).ToArray();
                if (next.Length == 0) break;
                var chosen = next[random.Next(next.Length)];
                (state, plain) = (constraint.Advance(state, chosen), automaton.Advance(plain, tokens[chosen]));
            }
        }
    }

    [Fact]
    public void Much_that_was_found_is_forgotten_and_nothing_that_is_in_use()
    {
        var program = GrammarProgram.Compile(new OutputConstraint(OutputConstraintKind.Grammar, """root ::= "(" root ")" | "x" """));
        var constraint = new TokenConstraint(program, TokenVocabulary.Create([[(byte)'('], [(byte)')'], [(byte)'x'], []]));
        var state = constraint.Start;
        for (var depth = 0; depth < 2_000; depth++) state = Step(state, token: 0, [0, 2]);
        state = Step(state, token: 2, [0, 2]);
        for (var depth = 0; depth < 2_000; depth++) state = Step(state, token: 1, [1]);

        Assert.True(state.IsComplete);
        Assert.False(state.GoesOn);

        ConstraintState Step(ConstraintState at, int token, int[] expected)
        {
            var logits = new float[4];
            constraint.Apply(at, logits);
            Assert.Equal(expected, Enumerable.Range(0, 4).Where(id => float.IsFinite(logits[id])));
            return constraint.Advance(at, token);
        }
    }

    [Fact]
    public void A_token_that_may_not_come_leads_nowhere()
    {
        var constraint = new TokenConstraint(GrammarProgram.Compile(new OutputConstraint(OutputConstraintKind.Regex, "ab")), TokenVocabulary.Create([[(byte)'b'], []]));

        Assert.Same(ConstraintState.Dead, constraint.Advance(constraint.Start, 0));
        Assert.Same(ConstraintState.Dead, constraint.Advance(constraint.Start, 1));
        Assert.Same(ConstraintState.Dead, constraint.Advance(constraint.Start, 99));
    }

    /// <summary>Of JSON, and the bytes of a letter beyond ASCII by themselves.</summary>
    private static readonly byte[] Letters = [.. "[]\",012 \\nua-é"u8];

    private static byte[] Token(Random random)
    {
        var token = new byte[random.Next(5)];
        for (var i = 0; i < token.Length; i++) token[i] = Letters[random.Next(Letters.Length)];
        return token;
    }
}
