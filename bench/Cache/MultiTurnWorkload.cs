namespace ActorInference.Bench.Cache;

/// <summary>Conversations that take turns in random order; each prompt is all that was said before, and more.</summary>
internal sealed class MultiTurnWorkload
{
    private const int Vocabulary = 32_000;
    private const int SystemPrompts = 8;
    private const int SystemTokens = 512;

    private readonly int[][] _conversations;
    private readonly (int Conversation, int Length)[] _turns;

    public MultiTurnWorkload(int conversations, int turns, int seed)
    {
        var random = new Random(seed);
        var systems = Enumerable.Range(0, SystemPrompts).Select(_ => Tokens(random, SystemTokens)).ToArray();
        _conversations = new int[conversations][];
        var order = new List<(double Time, int Conversation, int Length)>();
        for (var i = 0; i < conversations; i++)
        {
            var (length, time) = (SystemTokens, random.NextDouble());
            for (var turn = 0; turn < turns; turn++)
            {
                length += random.Next(64, 512);
                time += random.NextDouble();
                order.Add((time, i, length));
            }

            _conversations[i] = [.. systems[random.Next(SystemPrompts)], .. Tokens(random, length - SystemTokens)];
        }

        _turns = [.. order.OrderBy(static turn => turn.Time).Select(static turn => (turn.Conversation, turn.Length))];
    }

    public int Count => _turns.Length;

    public double MeanTokens => _turns.Average(static turn => turn.Length);

    public ReadOnlySpan<int> Prompt(int turn) => _conversations[_turns[turn].Conversation].AsSpan(0, _turns[turn].Length);

    public static int[] Tokens(Random random, int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++) tokens[i] = random.Next(Vocabulary);
        return tokens;
    }
}
