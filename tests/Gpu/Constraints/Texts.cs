using System.Text;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Tests.Constraints;

/// <summary>Reads whole texts against a constraint.</summary>
internal sealed class Texts(OutputConstraint constraint)
{
    private readonly ConstraintAutomaton _automaton = new(GrammarProgram.Compile(constraint));

    public static Texts Regex(string pattern) => new(new OutputConstraint(OutputConstraintKind.Regex, pattern));

    public static Texts Schema(string schema) => new(new OutputConstraint(OutputConstraintKind.JsonSchema, schema));

    public static Texts Grammar(string grammar) => new(new OutputConstraint(OutputConstraintKind.Grammar, grammar));

    public bool Admits(string text) => Admits(Encoding.UTF8.GetBytes(text));

    public bool Admits(ReadOnlySpan<byte> text) => _automaton.Advance(_automaton.Start, text).IsComplete;

    /// <summary>Whether a text may begin so.</summary>
    public bool MayBegin(string text) => !ReferenceEquals(_automaton.Advance(_automaton.Start, Encoding.UTF8.GetBytes(text)), ConstraintState.Dead);
}
