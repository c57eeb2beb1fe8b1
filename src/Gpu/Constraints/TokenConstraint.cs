using System.Diagnostics;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Constraints;

/// <summary>
/// Which tokens of a vocabulary may come next in an output that keeps to a constraint. A token may if its bytes can go on from what is there, wherever
/// in the grammar it begins and ends. Masks are remembered, so that one is made when a place in the grammar is met first. One caller at a time.
/// </summary>
/// <remarks>
/// The vocabulary's tree is walked once for all tokens, and subtrees that the grammar refuses are passed over (as in Willard and Louf, "Efficient Guided
/// Generation for LLMs", 2023, and Dong et al., "XGrammar", 2024, but over sets of stacks that are determinized when first met).
/// </remarks>
internal sealed class TokenConstraint(GrammarProgram program, TokenVocabulary vocabulary)
{
    /// <summary>That are remembered: 5 MB with a vocabulary of 150,000 tokens.</summary>
    private const int MaxMasks = 256;

    /// <summary>Others wait meanwhile. Milliseconds are usual.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int NodesPerLook = 64;

    private readonly ConstraintAutomaton _automaton = new(program);
    private int _masks;
    private readonly ConstraintState[] _path = new ConstraintState[vocabulary.MaxDepth + 1];

    /// <summary>Of an empty output.</summary>
    public ConstraintState Start => _automaton.Start;

    /// <summary>A token was chosen, which is no end.</summary>
    /// <returns><see cref="ConstraintState.Dead"/> if it was none that may come.</returns>
    public ConstraintState Advance(ConstraintState state, int token) =>
        vocabulary.BytesOf(token) is { Length: > 0 } bytes ? _automaton.Advance(state, bytes) : ConstraintState.Dead;

    /// <summary>Sets the logits of all tokens that may not come next to negative infinity.</summary>
    /// <param name="state">Where the output is.</param>
    /// <param name="logits">Shape <c>[vocabSize]</c>; those beyond the vocabulary are tokens that write nothing.</param>
    /// <exception cref="InvalidLogitsException">It cannot be found out in time.</exception>
    public void Apply(ConstraintState state, Span<float> logits)
    {
        var mask = state.Mask ?? Remember(state);
        for (var word = 0; word < mask.Length; word++)
        {
            var bits = mask[word];
            if (bits == ulong.MaxValue) continue;
            var part = logits.Slice(64 * word, Math.Min(64, logits.Length - 64 * word));
            if (bits == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }

            for (var i = 0; i < part.Length; i++)
            {
                if ((bits >> i & 1) == 0) part[i] = float.NegativeInfinity;
            }
        }

        if (64 * mask.Length < logits.Length) logits[(64 * mask.Length)..].Fill(float.NegativeInfinity);
    }

    private ulong[] Remember(ConstraintState state)
    {
        if (++_masks > MaxMasks)
        {
            _masks = 1;
            _automaton.Forget();
        }

        return state.Mask = MaskOf(state);
    }

    private static InvalidLogitsException TooAmbiguous() => new(
        $"The constraint can be read in so many ways that {Patience.TotalSeconds} s do not tell which tokens may come; expected one that is less ambiguous.");

    private ulong[] MaskOf(ConstraintState state)
    {
        var mask = new ulong[(vocabulary.Count + 63) / 64];
        var started = Stopwatch.GetTimestamp();
        _path[0] = state;
        for (var node = 0; node < vocabulary.NodeCount;)
        {
            if (node % NodesPerLook == 0 && Stopwatch.GetElapsedTime(started) > Patience) throw TooAmbiguous();
            var depth = vocabulary.Depth(node);
            var next = _automaton.Advance(_path[depth - 1], vocabulary.Label(node));
            if (ReferenceEquals(next, ConstraintState.Dead))
            {
                node = vocabulary.SubtreeEnd(node);
                continue;
            }

            _path[depth] = next;
            foreach (var token in vocabulary.TokensAt(node)) mask[token >> 6] |= 1UL << (token & 63);
            node++;
        }

        return mask;
    }
}
