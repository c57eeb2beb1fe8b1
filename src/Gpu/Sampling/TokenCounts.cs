using System.Numerics;

namespace ActorInference.Gpu.Sampling;

/// <summary>
/// The distinct tokens of one sequence and how often each is in its output: a hash table with open addressing, because a
/// row as wide as the vocabulary for every sequence would be mostly empty. Grows only past the expected number.
/// </summary>
internal sealed class TokenCounts
{
    private const int Empty = -1;

    private int[] _tokens;
    private int[] _counts;
    private int _used;

    /// <param name="expected">Distinct tokens for which there is room from the start.</param>
    public TokenCounts(int expected)
    {
        var slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * expected));
        (_tokens, _counts) = NewTable(slots);
    }

    /// <summary>Slots of the table; see <see cref="TryGet"/>.</summary>
    public int SlotCount => _tokens.Length;

    /// <summary>Makes the token known, and adds to its number of occurrences in the output.</summary>
    public void Add(int token, int occurrences)
    {
        if (2 * (_used + 1) > _tokens.Length) Grow();
        Insert(token, occurrences);
    }

    /// <summary>Reads one slot.</summary>
    /// <returns>False if the slot is empty.</returns>
    public bool TryGet(int slot, out int token, out int outputCount)
    {
        token = _tokens[slot];
        outputCount = _counts[slot];
        return token != Empty;
    }

    private static (int[] Tokens, int[] Counts) NewTable(int slots)
    {
        var tokens = new int[slots];
        Array.Fill(tokens, Empty);
        return (tokens, new int[slots]);
    }

    private void Insert(int token, int occurrences)
    {
        var mask = _tokens.Length - 1;
        var slot = (int)((uint)token * 2654435769u) & mask;
        while (_tokens[slot] != token)
        {
            if (_tokens[slot] == Empty)
            {
                _tokens[slot] = token;
                _used++;
                break;
            }

            slot = (slot + 1) & mask;
        }

        _counts[slot] += occurrences;
    }

    private void Grow()
    {
        var (tokens, counts) = (_tokens, _counts);
        (_tokens, _counts) = NewTable(2 * tokens.Length);
        _used = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i] != Empty) Insert(tokens[i], counts[i]);
        }
    }
}
