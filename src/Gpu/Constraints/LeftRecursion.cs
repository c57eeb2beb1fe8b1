namespace ActorInference.Gpu.Constraints;

/// <summary>
/// Finds rules that can come back to themselves before anything was read: no bounded number of states stands for these. Takes a time in proportion to the grammar, whatever
/// it is: clients send it.
/// </summary>
internal sealed class LeftRecursion
{
    private readonly GrammarProgram _program;
    private readonly IReadOnlyDictionary<string, int> _starts;

    /// <summary>Rules that may stand for nothing.</summary>
    private readonly HashSet<int> _nullable = [];

    private LeftRecursion(GrammarProgram program, IReadOnlyDictionary<string, int> starts) => (_program, _starts) = (program, starts);

    /// <exception cref="ConstraintFormatException">There is such a rule.</exception>
    public static void Check(GrammarProgram program, IReadOnlyDictionary<string, int> starts)
    {
        var search = new LeftRecursion(program, starts);
        search.FindNullable();
        search.FindCycle();
    }

    /// <summary>A rule is looked at again when one of those that it begins with turns out to be nullable.</summary>
    private void FindNullable()
    {
        var waiting = new Dictionary<int, List<int>>();
        var open = new Stack<int>(_starts.Values);
        while (open.TryPop(out var start))
        {
            if (_nullable.Contains(start)) continue;
            var (canEnd, callees) = Reach(start);
            if (canEnd)
            {
                _nullable.Add(start);
                if (waiting.Remove(start, out var callers)) callers.ForEach(open.Push);
                continue;
            }

            foreach (var callee in callees.Where(callee => !_nullable.Contains(callee)))
            {
                if (!waiting.TryGetValue(callee, out var callers)) waiting.Add(callee, callers = []);
                callers.Add(start);
            }
        }
    }

    /// <summary>Each rule is entered once and left once; one that is met between is within itself.</summary>
    private void FindCycle()
    {
        var names = _starts.ToDictionary(static rule => rule.Value, static rule => rule.Key);
        var (entered, left) = (new HashSet<int>(), new HashSet<int>());
        foreach (var root in _starts.Values)
        {
            if (left.Contains(root)) continue;
            var path = new Stack<(int Rule, IEnumerator<int> Callees)>();
            Enter(root);
            while (path.TryPeek(out var top))
            {
                if (!top.Callees.MoveNext())
                {
                    left.Add(path.Pop().Rule);
                }
                else if (!left.Contains(top.Callees.Current))
                {
                    if (entered.Contains(top.Callees.Current)) throw Recursive(names[top.Callees.Current]);
                    Enter(top.Callees.Current);
                }
            }

            void Enter(int rule)
            {
                entered.Add(rule);
                path.Push((rule, Reach(rule).Callees.GetEnumerator()));
            }
        }
    }

    private static ConstraintFormatException Recursive(string name) =>
        new($"The rule '{name}' can begin with itself; expected each to begin with something else (write a list as an item and a repetition).");

    /// <summary>What a rule comes to without a byte, as far as it is known which are nullable.</summary>
    private (bool CanEnd, HashSet<int> Callees) Reach(int start)
    {
        var (canEnd, callees, seen, open) = (false, new HashSet<int>(), new HashSet<int> { start }, new Stack<int>([start]));
        while (open.TryPop(out var at))
        {
            ref readonly var state = ref _program[at];
            canEnd |= state.IsEnd;
            foreach (var next in state.Moves) Visit(next);
            foreach (var (callee, after) in state.Calls)
            {
                callees.Add(callee);
                if (_nullable.Contains(callee)) Visit(after);
            }
        }

        return (canEnd, callees);

        void Visit(int next)
        {
            if (seen.Add(next)) open.Push(next);
        }
    }
}
