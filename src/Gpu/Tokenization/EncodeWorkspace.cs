namespace ActorInference.Gpu.Tokenization;

/// <summary>What one call of Encode works in; kept for the next, so that a warm tokenizer allocates its result only.</summary>
internal sealed class EncodeWorkspace
{
    /// <summary>A workspace that a huge text has blown up isn't kept.</summary>
    private const int KeptChars = 1 << 20;

    public List<int> Ids { get; } = [];

    public SplitScratch Scratch { get; } = new();

    public BpeMerger Merger { get; } = new();

    /// <summary>The pieces so far; a step of the pre-tokenizer reads them and writes <see cref="Next"/>.</summary>
    public PieceBuffer Pieces { get; private set; } = new();

    public PieceBuffer Next { get; private set; } = new();

    public bool IsWorthKeeping => Pieces.CapacityChars <= KeptChars && Next.CapacityChars <= KeptChars && Merger.CapacitySymbols <= KeptChars;

    public void Swap()
    {
        (Pieces, Next) = (Next, Pieces);
        Next.Clear();
    }

    public void Clear()
    {
        Ids.Clear();
        Pieces.Clear();
        Next.Clear();
    }
}
