using System.Collections.Concurrent;
using ActorInference.Actors.Generation;

namespace ActorInference.Gpu.Constraints;

/// <summary>Tells at the edge whether workers will be able to keep to a constraint. Thread-safe.</summary>
public static class ConstraintCheck
{
    private const int MaxKnown = 256;

    /// <summary>Found to be right lately; clients send the same ones over and over.</summary>
    private static readonly ConcurrentDictionary<OutputConstraint, bool> Known = new();

    /// <exception cref="ConstraintFormatException">It is wrong, too large, or asks for what is not supported.</exception>
    public static void Check(OutputConstraint constraint)
    {
        if (Known.ContainsKey(constraint)) return;
        GrammarProgram.Compile(constraint);
        if (Known.Count >= MaxKnown) Known.Clear();
        Known[constraint] = true;
    }
}
