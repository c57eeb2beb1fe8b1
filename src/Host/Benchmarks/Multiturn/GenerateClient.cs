using System.Diagnostics;
using System.Text.Json;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>A client of <c>/generate</c> that measures as SGLang's does.</summary>
internal sealed class GenerateClient(Uri server) : IDisposable
{
    private static readonly TimeSpan RequestDeadline = TimeSpan.FromMinutes(10);

    private const int WarmUpTokens = 300;

    private readonly HttpClient _http = new() { BaseAddress = server, Timeout = RequestDeadline };

    /// <summary>Sends a prompt and reads the answer to its end.</summary>
    /// <exception cref="HttpRequestException">The server refused, or ended the stream with an error.</exception>
    public async Task<Answer> GenerateAsync(int round, IReadOnlyList<int> prompt, int outputLength, CancellationToken cancellationToken)
    {
        var body = new
        {
            input_ids = prompt,
            sampling_params = new { temperature = 0.0, max_new_tokens = outputLength, ignore_eos = true },
            stream = true,
            stream_options = new { include_usage = true },
            lora_path = "",
            return_logprob = false,
            logprob_start_len = -1,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/generate") { Content = JsonContent.Create(body) };
        var reading = new Reading(round, Stopwatch.GetTimestamp());
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"/generate answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.ReadLineAsync(cancellationToken) is { } line) reading.Add(line);
        return reading.End();
    }

    /// <summary>Tokens of a page, which the ideal hit rate depends on.</summary>
    public async Task<int> PageSizeAsync(CancellationToken cancellationToken)
    {
        using var info = JsonDocument.Parse(await _http.GetStringAsync("/server_info", cancellationToken));
        return info.RootElement.TryGetProperty("page_size", out var size) && size.TryGetInt32(out var tokens) ? tokens : 1;
    }

    /// <summary>One request that is not counted, so that none pays for what runs for the first time.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken) =>
        await GenerateAsync(round: -1, [.. Enumerable.Repeat(2, WarmUpTokens)], outputLength: 2, cancellationToken);

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsync("/flush_cache", content: null, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The lines of one answer.</summary>
    private sealed class Reading(int round, long sentAt)
    {
        private readonly long _sent = sentAt;
        private readonly List<double> _gaps = [];
        private int[] _outputIds = [];
        private (int Prompt, int Cached, int Host, int Storage) _counts;
        private double _ttft;
        private long _lastChunk;
        private long _lastLine;

        public void Add(string line)
        {
            if (line.Length == 0) return;
            var now = Stopwatch.GetTimestamp();
            _lastLine = now;
            var json = line.StartsWith("data: ", StringComparison.Ordinal) ? line["data: ".Length..] : line;
            if (json == "[DONE]") return;
            using var chunk = JsonDocument.Parse(json);
            if (chunk.RootElement.TryGetProperty("error", out var error)) throw new HttpRequestException($"The stream ended with an error: {error.GetRawText()}");
            if (!chunk.RootElement.TryGetProperty("output_ids", out var ids) || ids.GetArrayLength() == 0) return;
            _outputIds = [.. ids.EnumerateArray().Select(static id => id.GetInt32())];
            if (_lastChunk == 0) Begin(chunk.RootElement.GetProperty("meta_info"), now);
            else _gaps.Add(Stopwatch.GetElapsedTime(_lastChunk, now).TotalSeconds);
            _lastChunk = now;
        }

        public Answer End() => _lastChunk == 0
            ? throw new HttpRequestException("The stream ended without a token.")
            : new Answer(
                round, _outputIds, _counts.Prompt, _counts.Cached, _counts.Host, _counts.Storage, _ttft,
                Stopwatch.GetElapsedTime(_sent, _lastLine).TotalSeconds, [.. _gaps]);

        private void Begin(JsonElement meta, long now)
        {
            _ttft = Stopwatch.GetElapsedTime(_sent, now).TotalSeconds;
            var details = meta.TryGetProperty("cached_tokens_details", out var found) ? found : default;
            _counts = (meta.GetProperty("prompt_tokens").GetInt32(), meta.GetProperty("cached_tokens").GetInt32(), Count(details, "host"), Count(details, "storage"));
        }

        private static int Count(JsonElement details, string tier) =>
            details.ValueKind == JsonValueKind.Object && details.TryGetProperty(tier, out var count) && count.TryGetInt32(out var tokens) ? tokens : 0;
    }
}
