using System.Diagnostics;
using System.Threading.Channels;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>
/// Conversations against a server, paced as SGLang's bench_multiturn: one loop that starts a ready conversation's next
/// request while fewer than the limit are under way, and then pauses as the rate says, whether one was ready or not.
/// </summary>
internal sealed class MultiturnRun
{
    private const int HeartbeatTokens = 100;

    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(50);

    private readonly MultiturnOptions _options;
    private readonly GenerateClient _client;
    private readonly Random _random;
    private readonly List<Conversation> _ready = [];
    private readonly List<Conversation> _held = [];
    private readonly Channel<(Conversation Conversation, Answer? Answer, string? Failure)> _ended = Channel.CreateUnbounded<(Conversation, Answer?, string?)>();
    private readonly List<Answer> _answers = [];
    private int _underWay;
    private int _failed;
    private int _finished;

    /// <summary>One client's dialogue so far, and the round it is in.</summary>
    private sealed record Conversation(List<int> Tokens)
    {
        public int Round { get; set; }
    }

    public MultiturnRun(MultiturnOptions options, GenerateClient client)
    {
        (_options, _client, _random) = (options, client, new Random(options.Seed));
        for (var i = 0; i < options.Clients; i++) _ready.Add(new Conversation(NewTokens()));
    }

    /// <summary>What the first failed request failed of.</summary>
    public string? FirstFailure { get; private set; }

    /// <param name="progress">Told of each request that has ended.</param>
    public async Task<MultiturnResult> RunAsync(Action<int, int> progress, CancellationToken cancellationToken)
    {
        var pageSize = await _client.PageSizeAsync(cancellationToken);
        var total = _options.Clients * _options.Rounds;
        var started = Stopwatch.GetTimestamp();
        while (_finished < _options.Clients)
        {
            while (_ended.Reader.TryRead(out var end)) Take(end);
            progress(_answers.Count + _failed, total);
            if (_options.RoundBarrier && _ready.Count == 0 && _underWay == 0 && _held.Count > 0) await PassBarrierAsync(cancellationToken);
            if (_underWay >= _options.MaxParallel)
            {
                await Task.Delay(FullPause, cancellationToken);
                continue;
            }

            StartOne(cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(-Math.Log(1 - _random.NextDouble()) / _options.RequestRate), cancellationToken);
        }

        progress(total, total);
        return new MultiturnResult(_options, pageSize, _answers, _failed, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private void StartOne(CancellationToken cancellationToken)
    {
        if (_ready.Count == 0) return;
        var index = _random.Next(_ready.Count);
        var conversation = _ready[index];
        _ready.RemoveAt(index);
        _underWay++;
        _ = AskAsync(conversation, cancellationToken);
    }

    private async Task AskAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _client.GenerateAsync(conversation.Round, conversation.Tokens, _options.OutputLength, cancellationToken);
            _ended.Writer.TryWrite((conversation, answer, null));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
        {
            _ended.Writer.TryWrite((conversation, null, failure.Message));
        }
    }

    private void Take((Conversation Conversation, Answer? Answer, string? Failure) end)
    {
        _underWay--;
        var conversation = end.Conversation;
        if (end.Answer is not { } answer)
        {
            // As in SGLang's: such a client has no further round.
            _failed += _options.Rounds - conversation.Round;
            FirstFailure ??= end.Failure;
            _finished++;
            return;
        }

        _answers.Add(answer);
        if (++conversation.Round == _options.Rounds)
        {
            _finished++;
            return;
        }

        conversation.Tokens.AddRange(answer.OutputIds);
        conversation.Tokens.AddRange(NewTokens());
        (_options.RoundBarrier ? _held : _ready).Add(conversation);
    }

    private async Task PassBarrierAsync(CancellationToken cancellationToken)
    {
        await _client.GenerateAsync(round: -1, Enumerable.Repeat(1, HeartbeatTokens).ToList(), HeartbeatTokens, cancellationToken);
        await Task.Delay(_options.BarrierPause, cancellationToken);
        _ready.AddRange(_held);
        _held.Clear();
    }

    private List<int> NewTokens()
    {
        var tokens = new List<int>(_options.RequestLength);
        for (var i = 0; i < _options.RequestLength; i++) tokens.Add(_random.Next(1, _options.Vocabulary));
        return tokens;
    }
}
