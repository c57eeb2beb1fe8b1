using ActorInference.Actors.Generation;

namespace ActorInference.Gpu.Constraints;

/// <summary>
/// A grammar as a network of states: edges by bytes of UTF-8, edges by nothing, and edges by a rule, which return to where they came
/// from (a recursive transition network; Woods, 1970). Immutable.
/// </summary>
internal sealed class GrammarProgram
{
    private readonly State[] _states;

    internal GrammarProgram(State[] states, int start) => (_states, Start) = (states, start);

    /// <summary>Where the root rule begins.</summary>
    public int Start { get; }

    public int Count => _states.Length;

    public ref readonly State this[int state] => ref _states[state];

    /// <param name="Bytes">Edges by a byte of a range.</param>
    /// <param name="Moves">Targets of edges by nothing.</param>
    /// <param name="Calls">Starts of rules, and where to go on after each.</param>
    /// <param name="IsEnd">Whether its rule may end here.</param>
    /// <param name="IsOnlyEnd">
    /// Whether nothing but the end of its rule comes of it: who would return here can return further at once, so that rules which go on with themselves need no stack.
    /// </param>
    internal readonly record struct State(ByteEdge[] Bytes, int[] Moves, (int Start, int Return)[] Calls, bool IsEnd, bool IsOnlyEnd);

    internal readonly record struct ByteEdge(byte Low, byte High, int Target);

    /// <exception cref="ConstraintFormatException">The text is wrong, too large, or asks for what is not supported.</exception>
    public static GrammarProgram Compile(OutputConstraint constraint) => GrammarCompiler.Compile(Grammar.Parse(constraint));
}
