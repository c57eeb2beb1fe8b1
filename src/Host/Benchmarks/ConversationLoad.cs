using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace ActorInference.Host.Benchmarks;

/// <summary>Multi-turn conversations against a gateway: each turn's prompt is all that was said before and one more sentence.</summary>
public sealed class ConversationLoad : IAsyncDisposable
{
    private const int TurnsOfConversation = 6;
    private const int OutputTokens = 12;

    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(120);

    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TurnRecord> _turns = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Uri _generate;
    private readonly int _opening;
    private readonly Task _running;
    private int _isDisposed;

    /// <param name="gateway">Its address.</param>
    /// <param name="conversations">At the same time.</param>
    /// <param name="pause">Between two turns of one.</param>
    /// <param name="opening">Sentences that a conversation begins with; one of about 14 tokens follows with each turn.</param>
    /// <param name="seed">Of what is said.</param>
    public ConversationLoad(Uri gateway, int conversations, TimeSpan pause, int opening, int seed)
    {
        (_generate, _opening) = (new Uri(gateway, "/generate"), opening);
        _running = Task.WhenAll(Enumerable.Range(0, conversations).Select(index => ConverseAsync(new Random(seed + index), pause)));
    }

    /// <summary>The benchmark's clock.</summary>
    public TimeSpan Now => _clock.Elapsed;

    /// <summary>Ended turns.</summary>
    public IReadOnlyList<TurnRecord> Turns
    {
        get
        {
            lock (_turns) return [.. _turns];
        }
    }

    /// <summary>Ends it; what is under way then does not count. Again it does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _stop.CancelAsync();
        await _running;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task ConverseAsync(Random random, TimeSpan pause)
    {
        var (text, known, turn) = (Begin(random), 0, 0);
        while (!_stop.IsCancellationRequested)
        {
            var (record, answer) = await AskAsync(text, known);
            if (_stop.IsCancellationRequested) return;   // Broken off by this end.
            lock (_turns) _turns.Add(record);
            if (++turn == TurnsOfConversation || record.Outcome != TurnOutcome.Whole) (text, known, turn) = (Begin(random), 0, 0);
            else (text, known) = ($"{text}{answer} {Sentence(random)}", record.PromptTokens);
            try
            {
                await Task.Delay(pause, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<(TurnRecord Record, string Answer)> AskAsync(string text, int known)
    {
        var turn = new Turn(_clock.Elapsed);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        deadline.CancelAfter(RequestLimit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _generate) { Content = new StringContent(Body(text), Encoding.UTF8, "application/json") };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            if (!response.IsSuccessStatusCode) return (turn.End(_clock.Elapsed, known, TurnOutcome.Failed), "");
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(deadline.Token));
            while (await reader.ReadLineAsync(deadline.Token) is { } line) turn.Take(line, _clock.Elapsed);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return (turn.End(_clock.Elapsed, known, turn.HasBegun ? TurnOutcome.Truncated : TurnOutcome.Failed), "");
        }

        return (turn.End(_clock.Elapsed, known, turn.IsWhole ? TurnOutcome.Whole : turn.HasBegun ? TurnOutcome.Truncated : TurnOutcome.Failed), turn.Answer);
    }

    private static string Body(string text)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("text", text);
            json.WriteBoolean("stream", true);
            json.WriteStartObject("sampling_params");
            json.WriteNumber("temperature", 0);
            json.WriteNumber("max_new_tokens", OutputTokens);
            json.WriteBoolean("ignore_eos", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private string Begin(Random random) => string.Join(' ', Enumerable.Range(0, _opening).Select(_ => Sentence(random)));

    private static string Sentence(Random random)
    {
        string[] who = ["The king", "A sailor", "My sister", "The old dog", "Nobody", "Your friend", "The teacher", "A small bird"];
        string[] does = ["saw", "forgot", "painted", "asked for", "found", "sold", "dreamt of", "carried"];
        string[] what = ["the sea", "a red house", "seven letters", "the moon", "an apple", "the long road", "a quiet song", "the garden"];
        return $"{who[random.Next(who.Length)]} {does[random.Next(does.Length)]} {what[random.Next(what.Length)]} {random.Next(1000)} times.";
    }

    /// <summary>One stream of server-sent events, as it comes.</summary>
    private sealed class Turn(TimeSpan sentAt)
    {
        private TimeSpan? _first;
        private int _output;
        private int _prompt;
        private int _cached;
        private bool _isDone;
        private bool _isFinished;

        public string Answer { get; private set; } = "";

        public bool HasBegun => _first is not null;

        public bool IsWhole => _isDone && _isFinished;

        public void Take(string line, TimeSpan now)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) return;
            if (line == "data: [DONE]")
            {
                _isDone = true;
                return;
            }

            using var json = JsonDocument.Parse(line.AsMemory("data: ".Length));
            if (!json.RootElement.TryGetProperty("meta_info", out var meta)) return;
            _first ??= now;
            Answer = json.RootElement.GetProperty("text").GetString() ?? "";
            _output = meta.GetProperty("completion_tokens").GetInt32();
            _prompt = meta.GetProperty("prompt_tokens").GetInt32();
            _cached = meta.GetProperty("cached_tokens").GetInt32();
            _isFinished = meta.TryGetProperty("finish_reason", out var reason) && reason.ValueKind != JsonValueKind.Null;
        }

        public TurnRecord End(TimeSpan now, int known, TurnOutcome outcome) => new(sentAt, now, _first - sentAt, _output, _prompt, _cached, known, outcome);
    }
}
