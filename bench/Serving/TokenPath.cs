using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Ids;
using ActorInference.Gpu.Engine;
using ActorInference.Host.Commands;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Roles.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorInference.Bench.Serving;

/// <summary>Microseconds a token after the first, median over the rounds.</summary>
internal sealed record TokenPathResult(double RunnerUsPerToken, double EngineUsPerToken, double ActorsUsPerToken, double HttpUsPerToken)
{
    public double ActorsOverheadUs => ActorsUsPerToken - EngineUsPerToken;

    public double HttpOverheadUs => HttpUsPerToken - EngineUsPerToken;
}

/// <summary>Generates the same answer on four ways, in turns, so that a change of the machine's speed meets all alike.</summary>
internal static class TokenPath
{
    private static readonly ImmutableArray<int> Prompt = [.. Enumerable.Range(10, 16)];

    public static async Task<TokenPathResult> MeasureAsync(BenchOptions options)
    {
        var up = new ModelOptions { ModelFolder = options.Model, ModelName = "bench", PageSizeTokens = 16, LogLevel = LogLevel.Warning };
        using var model = LoadedModel.Load(up, new Silent(), _ => { });
        var builder = WebServer.CreateBuilder(IPAddress.Loopback, 0, up.LogLevel);
        builder.Services.AddInferenceNode(model.ToNode(up) with { Entities = _ => [] }, up.LogLevel, _ => { }).AddGateway(model.Served);
        builder.Services.AddHttpApi();
        await using var app = builder.Build();
        app.MapHttpApi();
        await app.StartAsync();
        await app.Services.WaitUntilServingAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var runner = model.Backend.CreateRunner(Environment.ProcessorCount);
        var generator = app.Services.GetRequiredService<ITokenGenerator>();

        var times = new List<double>[] { [], [], [], [] };
        for (var round = 0; round <= options.Rounds; round++)
        {
            double[] measured =
            [
                MeasureRunner(runner, options.Tokens),
                MeasureEngine(runner, options.Tokens),
                await MeasureActorsAsync(generator, options.Tokens),
                await MeasureHttpAsync(client, options.Tokens),
            ];
            if (round == 0) continue;   // Warming up.
            for (var i = 0; i < measured.Length; i++) times[i].Add(measured[i]);
        }

        await app.StopAsync();
        return new TokenPathResult(Median(times[0]), Median(times[1]), Median(times[2]), Median(times[3]));
    }

    private static double MeasureRunner(IModelRunner runner, int tokens)
    {
        var pages = new int[runner.Pages.Layout.PagesFor(Prompt.Length + tokens)];
        if (!runner.Pages.TryAllocate(pages)) throw new InvalidOperationException("The pool has too few pages.");
        var batch = new ForwardBatch();
        Step(Prompt.AsSpan(), 0);
        var started = Stopwatch.GetTimestamp();
        for (var i = 1; i < tokens; i++) Step([i % 100], Prompt.Length + i - 1);
        var elapsed = Stopwatch.GetElapsedTime(started);
        runner.Pages.Release(pages);
        return elapsed.TotalMicroseconds / (tokens - 1);

        void Step(ReadOnlySpan<int> input, int position)
        {
            batch.Clear();
            batch.Add(input, position, pages.AsSpan(0, runner.Pages.Layout.PagesFor(position + input.Length)), wantLogits: true);
            runner.Forward(batch);
        }
    }

    private static double MeasureEngine(IModelRunner runner, int tokens)
    {
        var events = new LastTokenEvents();
        var engine = new InferenceEngine(runner, new EngineOptions { StepTarget = TimeSpan.Zero }, events, TimeProvider.System);
        engine.Add(new SequenceSpec(Prompt, [], Sampling(tokens), SequenceMode.Generate));
        engine.Step();
        var started = Stopwatch.GetTimestamp();
        while (!engine.IsEmpty) engine.Step();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / (events.Count - 1);
    }

    private static async Task<double> MeasureActorsAsync(ITokenGenerator generator, int tokens)
    {
        var (first, last, count) = (0L, 0L, 0);
        await foreach (var update in generator.GenerateAsync(new GenerationRequest(RequestId.New(), Prompt, Sampling(tokens)), CancellationToken.None))
        {
            if (update is GenerationFailed failed) throw new InvalidOperationException(failed.Message);
            if (update is not TokenGenerated) continue;
            last = Stopwatch.GetTimestamp();
            if (count++ == 0) first = last;
        }

        return Stopwatch.GetElapsedTime(first, last).TotalMicroseconds / (count - 1);
    }

    private static async Task<double> MeasureHttpAsync(HttpClient client, int tokens)
    {
        var body = new { input_ids = Prompt, stream = true, sampling_params = new { temperature = 0, max_new_tokens = tokens, ignore_eos = true } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/generate") { Content = JsonContent.Create(body) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var (first, last, count) = (0L, 0L, 0);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal)) continue;
            last = Stopwatch.GetTimestamp();
            if (count++ == 0) first = last;
        }

        return Stopwatch.GetElapsedTime(first, last).TotalMicroseconds / (count - 1);
    }

    private static SamplingOptions Sampling(int tokens) => new() { MaxNewTokens = tokens, Temperature = 0, IgnoreEos = true };

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private sealed class Silent : IProgress<Gpu.Models.LoadProgress>
    {
        public void Report(Gpu.Models.LoadProgress value)
        {
        }
    }

    private sealed class LastTokenEvents : IEngineEvents
    {
        public int Count { get; private set; }

        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
        }

        public void Progressed(SequenceId sequence, int computedTokens)
        {
        }

        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob) => Count++;

        public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages)
        {
        }

        public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
        {
        }

        public void Preempted(SequenceId sequence)
        {
        }

        public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken)
        {
        }

        public void Failed(SequenceId sequence, string reason) => throw new InvalidOperationException(reason);
    }
}
