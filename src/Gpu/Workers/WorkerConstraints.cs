using ActorInference.Actors.Generation;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Workers;

/// <summary>The constraints that a worker's sequences keep to, those used last ready for the next with the same.</summary>
/// <param name="vocabulary">Of the model, shared by all workers; null if there is none.</param>
internal sealed class WorkerConstraints(Lazy<TokenVocabulary>? vocabulary)
{
    private const int MaxReady = 32;

    private readonly Dictionary<OutputConstraint, LinkedListNode<(OutputConstraint Constraint, TokenConstraint Ready)>> _ready = [];
    private readonly LinkedList<(OutputConstraint Constraint, TokenConstraint Ready)> _byUse = [];

    public bool IsReady(OutputConstraint constraint) => _ready.ContainsKey(constraint);

    /// <summary>Does off the worker's thread what takes longest: the first time the vocabulary, each time the grammar.</summary>
    /// <exception cref="ConstraintFormatException">The constraint is wrong, or there is no tokenizer.</exception>
    public Task<GrammarProgram> PrepareAsync(OutputConstraint constraint) => Task.Run(() =>
    {
        var program = GrammarProgram.Compile(constraint);
        _ = Vocabulary;
        return program;
    });

    public void Add(OutputConstraint constraint, GrammarProgram program)
    {
        if (IsReady(constraint)) return;
        _ready.Add(constraint, _byUse.AddFirst((constraint, new TokenConstraint(program, Vocabulary))));
        if (_byUse.Count <= MaxReady) return;
        _ready.Remove(_byUse.Last!.Value.Constraint);
        _byUse.RemoveLast();
    }

    /// <summary>For a sequence that begins. One whose turn came late may have to be made again.</summary>
    /// <exception cref="ConstraintFormatException">As by <see cref="PrepareAsync"/>.</exception>
    public TokenConstraint Take(OutputConstraint constraint)
    {
        if (!IsReady(constraint)) Add(constraint, GrammarProgram.Compile(constraint));
        var node = _ready[constraint];
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value.Ready;
    }

    private TokenVocabulary Vocabulary =>
        vocabulary?.Value ?? throw new ConstraintFormatException("The output is constrained; expected none, since this worker has no tokenizer to know its tokens by.");
}
