namespace ActorInference.Gpu.Constraints;

/// <summary>Finds rules that can come back to themselves before anything was read: no bounded number of states stands for these.</summary>
internal static class LeftRecursion
{
    /// <exception cref="ConstraintFormatException">There is such a rule.</exception>
    public static void Check(GrammarProgram program, IReadOnlyDictionary<string, int> starts)
    {
        var nullable = NullableRules(program, starts.Values);
        var callees = starts.Values.ToDictionary(start => start, start => Reach(program, start, nullable).Callees);
        var done = new HashSet<int>();
        foreach (var (name, start) in starts)
        {
            if (IsOnCycle(start, callees, done)) throw new ConstraintFormatException($"The rule '{name}' can begin with itself; expected each to begin with something else (write a list as an item and a repetition).");
        }
    }

    /// <summary>Rules that may stand for nothing.</summary>
    private static HashSet<int> NullableRules(GrammarProgram program, IEnumerable<int> starts)
    {
        var nullable = new HashSet<int>();
        var rules = starts.ToList();
        while (rules.Where(start => !nullable.Contains(start) && Reach(program, start, nullable).CanEnd).ToList() is { Count: > 0 } found) nullable.UnionWith(found);
        return nullable;
    }

    /// <summary>What a rule comes to without a byte.</summary>
    private static (bool CanEnd, HashSet<int> Callees) Reach(GrammarProgram program, int start, HashSet<int> nullable)
    {
        var (canEnd, callees, seen, open) = (false, new HashSet<int>(), new HashSet<int> { start }, new Stack<int>([start]));
        while (open.TryPop(out var at))
        {
            ref readonly var state = ref program[at];
            canEnd |= state.IsEnd;
            foreach (var next in state.Moves) Visit(next);
            foreach (var (callee, after) in state.Calls)
            {
                callees.Add(callee);
                if (nullable.Contains(callee)) Visit(after);
            }
        }

        return (canEnd, callees);

        void Visit(int next)
        {
            if (seen.Add(next)) open.Push(next);
        }
    }

    private static bool IsOnCycle(int start, Dictionary<int, HashSet<int>> callees, HashSet<int> done)
    {
        if (done.Contains(start)) return false;
        var (seen, open) = (new HashSet<int>(), new Stack<int>(callees[start]));
        while (open.TryPop(out var rule))
        {
            if (rule == start) return true;
            if (!seen.Add(rule) || done.Contains(rule)) continue;
            foreach (var callee in callees[rule]) open.Push(callee);
        }

        done.Add(start);
        return false;
    }
}
