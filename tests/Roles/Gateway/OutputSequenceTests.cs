using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Gateway;

namespace ActorInference.Roles.Tests.Gateway;

public sealed class OutputSequenceTests
{
    private static readonly AttemptId First = new(new RequestId("r"), 0);

    private readonly OutputSequence _output = new();
    private readonly List<TokenGenerated> _emitted = [];

    [Fact]
    public void Tokens_come_out_in_order_whatever_way_they_took()
    {
        Add(1);
        Assert.Empty(_emitted);
        Add(0);
        Add(3);
        Add(2);

        Assert.Equal([0, 1, 2, 3], _emitted.Select(token => token.Index));
    }

    [Fact]
    public void A_token_that_came_before_is_not_repeated()
    {
        Add(0);
        Add(0);
        Add(1);
        Add(0);

        Assert.Equal([0, 1], _emitted.Select(token => token.Index));
    }

    [Fact]
    public void What_an_ended_attempt_was_ahead_of_is_void()
    {
        Add(0);
        Add(2, token: 77);
        _output.BeginAttempt();
        Add(1);
        Add(2, token: 5);

        Assert.Equal([0, 1, 5], _emitted.Select(token => token.TokenId));
    }

    [Fact]
    public void The_end_waits_for_the_tokens_before_it()
    {
        Add(1, ending: new GenerationProtocol.Ending(FinishReason.Stop, 1));
        Assert.Null(_output.Ending);
        Add(0);

        Assert.Equal(new GenerationProtocol.Ending(FinishReason.Stop, 1), _output.Ending);
    }

    [Fact]
    public void An_end_without_a_token_of_its_own_waits_too()
    {
        _output.Complete(new GenerationProtocol.Completed(First, 2, new GenerationProtocol.Ending(FinishReason.Length, null)));
        Add(0);
        Assert.Null(_output.Ending);
        Add(1);

        Assert.Equal(FinishReason.Length, _output.Ending?.Reason);
    }

    [Fact]
    public void Decode_has_begun_with_the_second_token_of_an_attempt()
    {
        Add(0);
        Assert.False(_output.DecodeHasBegun);
        Add(1);
        Assert.True(_output.DecodeHasBegun);
        _output.BeginAttempt();
        Assert.False(_output.DecodeHasBegun);
        Add(2);
        Assert.False(_output.DecodeHasBegun);
        Add(3);
        Assert.True(_output.DecodeHasBegun);
    }

    [Fact]
    public void Cached_tokens_are_those_of_the_first_token()
    {
        Add(0, cached: 32);
        Add(1, cached: 64);

        Assert.All(_emitted, token => Assert.Equal(32, token.CachedTokens));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_order_with_repeats_and_lost_attempts_gives_every_token_once(int seed)
    {
        var random = new Random(seed);
        const int Count = 200;
        var attempt = First;
        while (_output.Count < Count)
        {
            _output.BeginAttempt();
            var upTo = random.Next(_output.Count, Count) + 1;
            var indexes = Enumerable.Range(_output.Count, upTo - _output.Count).SelectMany(i => Enumerable.Repeat(i, random.Next(1, 3))).ToArray();
            random.Shuffle(indexes);
            foreach (var index in indexes.Take(random.Next(1, indexes.Length + 1))) _output.Add(Token(attempt, index, index), _emitted.Add);
            attempt = attempt.Next();
        }

        Assert.True(Enumerable.Range(0, Count).SequenceEqual(_emitted.Select(token => token.TokenId)), $"Seed {seed}.");
    }

    private void Add(int index, int? token = null, int? cached = null, GenerationProtocol.Ending? ending = null) =>
        _output.Add(Token(First, index, token ?? index) with { CachedTokens = cached, Ending = ending }, _emitted.Add);

    private static GenerationProtocol.TokenChosen Token(AttemptId attempt, int index, int token) => new(attempt, index, token, null, null, null);
}
