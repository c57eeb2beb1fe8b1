namespace ActorInference.Gpu.Constraints;

/// <summary>
/// Reads texts byte by byte against a grammar: all ways at once, each a stack of states to return to, as sets that are made when first
/// met and found again afterwards. One caller at a time.
/// </summary>
/// <remarks>
/// Memory is bounded: what was found is forgotten when there is much of it. States that are in use go on. A text that could be read in very many ways at once, which only
/// grammars that are ambiguous without end come to, is as good as none.
/// </remarks>
internal sealed class ConstraintAutomaton(GrammarProgram program)
{
    /// <summary>Sets, and stacks a quarter of as many, that are remembered.</summary>
    private const int MaxRemembered = 65_536;

    /// <summary>Stacks that a text may be at, those between two bytes among them.</summary>
    private const int MaxWays = 65_536;

    private readonly Dictionary<(int State, int Below), StackTop> _stacks = [];
    private readonly Dictionary<StackTop[], ConstraintState> _states = new(SameTops.Instance);
    private readonly Dictionary<StackTop[], ConstraintState> _complete = new(SameTops.Instance);
    private readonly List<StackTop> _open = [];
    private readonly HashSet<StackTop> _seen = [];
    private int _lastId;
    private ConstraintState? _start;

    /// <summary>Nothing was read.</summary>
    public ConstraintState Start
    {
        get
        {
            if (_start is not null) return _start;
            _open.Add(Stack(program.Start, below: null));
            return _start = Close();
        }
    }

    /// <returns><see cref="ConstraintState.Dead"/> if no text goes on so.</returns>
    public ConstraintState Advance(ConstraintState state, byte value)
    {
        if (state.Next(value) is { } known) return known;
        foreach (var top in state.Tops)
        {
            foreach (var edge in program[top.State].Bytes)
            {
                if (edge.Low <= value && value <= edge.High) _open.Add(Stack(edge.Target, top.Below));
            }
        }

        var next = Close();
        state.SetNext(value, next);
        return next;
    }

    public ConstraintState Advance(ConstraintState state, ReadOnlySpan<byte> text)
    {
        foreach (var value in text)
        {
            if (ReferenceEquals(state, ConstraintState.Dead)) break;
            state = Advance(state, value);
        }

        return state;
    }

    /// <summary>Follows all that takes no byte from the open stacks, and makes a state of those that wait for one.</summary>
    private ConstraintState Close()
    {
        if (_states.Count + _complete.Count > MaxRemembered / 4 || _stacks.Count > MaxRemembered) Forget();
        var tops = new List<StackTop>();
        var isComplete = false;
        while (_open.Count > 0)
        {
            var top = _open[^1];
            _open.RemoveAt(_open.Count - 1);
            if (!_seen.Add(top)) continue;
            if (_seen.Count > MaxWays) return TooMany();
            ref readonly var state = ref program[top.State];
            if (state.Bytes.Length > 0) tops.Add(top);
            foreach (var next in state.Moves) _open.Add(Stack(next, top.Below));
            foreach (var (start, after) in state.Calls) _open.Add(Stack(start, program[after].IsOnlyEnd ? top.Below : Stack(after, top.Below)));
            if (!state.IsEnd) continue;
            if (top.Below is { } below) _open.Add(Stack(below.State, below.Below));
            else isComplete = true;
        }

        _seen.Clear();
        return tops.Count == 0 && !isComplete ? ConstraintState.Dead : Remembered(tops, isComplete);
    }

    private ConstraintState TooMany()
    {
        _open.Clear();
        _seen.Clear();
        return ConstraintState.Dead;
    }

    private ConstraintState Remembered(List<StackTop> tops, bool isComplete)
    {
        tops.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        var (key, known) = (tops.ToArray(), isComplete ? _complete : _states);
        if (!known.TryGetValue(key, out var state)) known.Add(key, state = new ConstraintState(key, isComplete));
        return state;
    }

    private StackTop Stack(int state, StackTop? below)
    {
        var key = (state, below?.Id ?? 0);
        if (!_stacks.TryGetValue(key, out var stack)) _stacks.Add(key, stack = new StackTop(++_lastId, state, below));
        return stack;
    }

    /// <summary>Ids go on, so that what is still in use is never taken for something else.</summary>
    public void Forget()
    {
        _stacks.Clear();
        _states.Clear();
        _complete.Clear();
        _start = null;
    }

    private sealed class SameTops : IEqualityComparer<StackTop[]>
    {
        public static readonly SameTops Instance = new();

        public bool Equals(StackTop[]? a, StackTop[]? b) => a.AsSpan().SequenceEqual(b);

        public int GetHashCode(StackTop[] tops)
        {
            var hash = new HashCode();
            foreach (var top in tops) hash.Add(top.Id);
            return hash.ToHashCode();
        }
    }
}
