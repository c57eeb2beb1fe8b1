using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tests.Tiers.Stored;

/// <summary>Conversations that go on, fork, are edited, and are asked under another salt; all from one source of chance.</summary>
internal sealed class Conversations(Random random)
{
    private const int MaxPromptTokens = 160;
    private const int Salts = 3;
    private const int Recent = 20;

    private readonly List<(KvNamespaceId Space, int[] Tokens)> _told = [];

    public Turn Next()
    {
        var (space, tokens) = (new KvNamespaceId(7, (ulong)random.Next(Salts)), Array.Empty<int>());
        if (_told.Count > 0 && random.Next(10) > 0)
        {
            // Mostly what was told of late, so that conversations grow long.
            (space, tokens) = _told[random.Next(random.Next(3) == 0 ? 0 : Math.Max(0, _told.Count - Recent), _told.Count)];
            if (random.Next(12) == 0) space = new KvNamespaceId(7, (ulong)random.Next(Salts));
            if (random.Next(5) == 0) tokens = tokens[..random.Next(tokens.Length)];
            if (tokens.Length > 0 && random.Next(10) == 0) tokens = Edited(tokens);
        }

        var prompt = (int[])[.. tokens, .. Words(random.Next(4, 40))];
        return new Turn(space, prompt.Length > MaxPromptTokens ? prompt[..MaxPromptTokens] : prompt, Sampling());
    }

    /// <summary>What was asked and answered is what a later turn goes on from.</summary>
    public void Learn(Turn turn, IReadOnlyList<int> answer) => _told.Add((turn.Space, [.. turn.Prompt, .. answer]));

    private int[] Edited(int[] tokens)
    {
        var edited = (int[])tokens.Clone();
        edited[random.Next(edited.Length)] = random.Next(TinyModel.VocabSize);
        return edited;
    }

    private IEnumerable<int> Words(int count) => Enumerable.Range(0, count).Select(_ => random.Next(TinyModel.VocabSize)).ToArray();

    /// <summary>Half of them drawn: a draw tells the smallest difference of the logits, where the best token may stay the same.</summary>
    private SamplingOptions Sampling() => new()
    {
        MaxNewTokens = random.Next(1, 13),
        Temperature = random.Next(2),
        Seed = (ulong)random.NextInt64(),
        IgnoreEos = true,
    };
}
