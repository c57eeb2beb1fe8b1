namespace ActorInference.Gpu.Constraints;

/// <summary>Makes a <see cref="GrammarProgram"/> of a grammar, part by part (Thompson's construction).</summary>
internal sealed class GrammarCompiler
{
    /// <summary>Of all rules together; a repetition counts as often as it may be repeated.</summary>
    public const int MaxStates = 200_000;

    private readonly List<List<GrammarProgram.ByteEdge>?> _bytes = [];
    private readonly List<List<int>?> _moves = [];
    private readonly List<List<(int Start, int Return)>?> _calls = [];
    private readonly HashSet<int> _ends = [];
    private readonly Dictionary<string, int> _starts = [];

    private GrammarCompiler()
    {
    }

    /// <exception cref="ConstraintFormatException">A rule is missing, begins with itself, or all is too large.</exception>
    public static GrammarProgram Compile(Grammar grammar)
    {
        var compiler = new GrammarCompiler();
        foreach (var name in grammar.Rules.Keys) compiler._starts[name] = compiler.NewState();
        if (!compiler._starts.TryGetValue(grammar.Root, out var start))
            throw new ConstraintFormatException($"The grammar has no rule '{grammar.Root}'; it must have one, which stands for the whole output.");
        foreach (var (name, node) in grammar.Rules) compiler._ends.Add(compiler.Append(node, compiler._starts[name]));
        var program = new GrammarProgram(compiler.States(), start);
        LeftRecursion.Check(program, compiler._starts);
        return program;
    }

    private GrammarProgram.State[] States()
    {
        var states = new GrammarProgram.State[_bytes.Count];
        for (var i = 0; i < states.Length; i++)
            states[i] = new GrammarProgram.State(_bytes[i]?.ToArray() ?? [], _moves[i]?.ToArray() ?? [], _calls[i]?.ToArray() ?? [], _ends.Contains(i), IsOnlyEnd(i));
        return states;
    }

    /// <remarks>Follows no more than groups lie within each other; what is beyond counts as something, which costs a stack.</remarks>
    private bool IsOnlyEnd(int state)
    {
        for (var steps = 0; steps < 256 && _bytes[state] is null && _calls[state] is null; steps++)
        {
            if (_moves[state] is not { } moves) return _ends.Contains(state);
            if (moves.Count > 1 || _ends.Contains(state)) return false;
            state = moves[0];
        }

        return false;
    }

    private int NewState()
    {
        if (_bytes.Count == MaxStates) throw new ConstraintFormatException($"The constraint is too large; expected one of at most {MaxStates} states (repetitions count as often as they may be repeated).");
        _bytes.Add(null);
        _moves.Add(null);
        _calls.Add(null);
        return _bytes.Count - 1;
    }

    /// <returns>The state after it. Nothing leads back to <paramref name="from"/> unless it did before.</returns>
    private int Append(GrammarNode node, int from)
    {
        switch (node)
        {
            case GrammarNode.Character character: return Append(character.Set, from);
            case GrammarNode.Sequence sequence: return sequence.Parts.Aggregate(from, (at, part) => Append(part, at));
            case GrammarNode.Choice choice:
                var end = NewState();
                foreach (var option in choice.Options) Move(Append(option, from), end);
                return end;
            case GrammarNode.Repeat repeat: return Append(repeat, from);
            case GrammarNode.Rule rule:
                if (!_starts.TryGetValue(rule.Name, out var start)) throw new ConstraintFormatException($"The grammar has no rule '{rule.Name}', which another refers to.");
                var after = NewState();
                (_calls[from] ??= []).Add((start, after));
                return after;
            default: throw new ArgumentException($"A grammar has no node {node.GetType().Name}.", nameof(node));
        }
    }

    private int Append(CodePointSet set, int from)
    {
        if (set.IsEmpty) throw new ConstraintFormatException("A class of characters is empty; expected at least one that UTF-8 can write.");
        var end = NewState();
        foreach (var sequence in set.Utf8())
        {
            var at = from;
            for (var i = 0; i < sequence.Length; i++)
            {
                var next = i == sequence.Length - 1 ? end : NewState();
                (_bytes[at] ??= []).Add(new GrammarProgram.ByteEdge(sequence[i].Low, sequence[i].High, next));
                at = next;
            }
        }

        return end;
    }

    private int Append(GrammarNode.Repeat repeat, int from)
    {
        for (var i = 0; i < repeat.Min; i++)
        {
            var next = Append(repeat.Part, from);
            if (next == from) break;   // Nothing, however often.
            from = next;
        }

        if (repeat.Max is not { } max)
        {
            var loop = NewState();
            Move(from, loop);
            Move(Append(repeat.Part, loop), loop);
            return loop;
        }

        if (max == repeat.Min) return from;
        var end = NewState();
        for (var i = repeat.Min; i < max; i++)
        {
            Move(from, end);
            // A state of its own: what came before may lead back to the one it ended in.
            var next = NewState();
            Move(from, next);
            from = Append(repeat.Part, next);
        }

        Move(from, end);
        return end;
    }

    private void Move(int from, int to)
    {
        if (from != to) (_moves[from] ??= []).Add(to);
    }
}
