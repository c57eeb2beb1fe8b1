using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Host.Commands;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Benchmarks;

/// <summary>
/// Two worker processes, divided into prefill and decode or each doing both, under the same load: how soon the first token comes,
/// and how even the others come while long prompts are processed beside them. Both clusters live throughout and are measured
/// in turns, so that what the machine does meanwhile meets both.
/// </summary>
public sealed class DisaggBenchmark(ServedModel served, ProcessOptions model, DisaggBenchmarkOptions options)
{
    private static readonly (string Mode, NodeRole[] Workers)[] Modes =
        [("disaggregated", [NodeRole.Prefill, NodeRole.Decode]), ("aggregated", [NodeRole.Both, NodeRole.Both])];

    private readonly Random _random = new(1);

    /// <summary>Starts the processes, measures, ends them.</summary>
    /// <exception cref="GenerationFailedException">A request failed; there are no figures then.</exception>
    public async Task<IReadOnlyList<DisaggResult>> RunAsync(CancellationToken stop)
    {
        var clusters = new List<BenchCluster>();
        try
        {
            foreach (var (_, workers) in Modes) clusters.Add(await BenchCluster.StartAsync(served, model, workers, options.Pinned, stop));
            var rounds = Modes.Select(_ => new List<DisaggResult>()).ToList();
            for (var round = -1; round < options.Rounds; round++)
            {
                for (var i = 0; i < Modes.Length; i++)
                {
                    var result = await MeasureAsync(Modes[i].Mode, clusters[i].Generator, stop);
                    if (round >= 0) rounds[i].Add(result);   // The first round is for the runtime to compile what it runs.
                }
            }

            return [.. rounds.Select(Median)];
        }
        finally
        {
            foreach (var cluster in clusters) await cluster.DisposeAsync();
        }
    }

    private async Task<DisaggResult> MeasureAsync(string mode, ITokenGenerator generator, CancellationToken stop)
    {
        var (first, second) = (new List<double>(), new List<double>());
        for (var i = 0; i < options.Requests; i++)
        {
            var times = await RunAsync(generator, options.PromptTokens, newTokens: 3, stop);
            first.Add(times[0]);
            second.Add(times[1] - times[0]);
        }

        var load = await MeasureLoadAsync(generator, stop);
        return new DisaggResult(
            mode, Percentile(first, 50), Percentile(first, 99), Percentile(second, 50),
            Percentile(load.Quiet, 50), Percentile(load.Quiet, 99), Percentile(load.Disturbed, 50), Percentile(load.Disturbed, 99), Percentile(load.LongFirst, 50));
    }

    /// <summary>Streams generate; after a while long prompts come, one after another; then the streams are cancelled.</summary>
    private async Task<Load> MeasureLoadAsync(ITokenGenerator generator, CancellationToken stop)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var load = new Load();
        var streams = Enumerable.Range(0, options.Concurrency).Select(_ => new Stream(options.QuietTokens)).ToList();
        var running = Task.WhenAll(streams.Select(stream => GenerateAsync(generator, stream, load, enough)));
        var quiet = Task.WhenAll(streams.Select(stream => stream.QuietEnded));
        if (await Task.WhenAny(quiet, running) == running) await running;
        load.IsDisturbed = true;
        for (var i = 0; i < options.LongPrompts; i++) load.LongFirst.Add((await RunAsync(generator, options.LongPromptTokens, newTokens: 1, stop))[0]);
        load.IsDisturbed = false;
        await enough.CancelAsync();
        await running;
        return load;
    }

    private async Task GenerateAsync(ITokenGenerator generator, Stream stream, Load load, CancellationTokenSource enough)
    {
        // As long as it has to be: the long prompts end it.
        var request = Request(options.PromptTokens, served.ContextTokens - options.PromptTokens);
        var (last, count) = (0L, 0);
        try
        {
            await foreach (var update in generator.GenerateAsync(request, enough.Token))
            {
                Check(update);
                if (update is not TokenGenerated) break;
                var now = Stopwatch.GetTimestamp();
                count++;
                if (count > 2) load.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds, isQuiet: count <= options.QuietTokens);
                if (count == options.QuietTokens) stream.EndQuiet();
                last = now;
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // All that was to be measured is.
        }
    }

    /// <returns>When each token came, in milliseconds from the request.</returns>
    private async Task<List<double>> RunAsync(ITokenGenerator generator, int promptTokens, int newTokens, CancellationToken stop)
    {
        var request = Request(promptTokens, newTokens);
        var times = new List<double>();
        var started = Stopwatch.GetTimestamp();
        await foreach (var update in generator.GenerateAsync(request, stop))
        {
            Check(update);
            if (update is TokenGenerated) times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return times;
    }

    /// <summary>A prompt that nobody has seen, so that no cache has any of it.</summary>
    private GenerationRequest Request(int promptTokens, int newTokens)
    {
        ImmutableArray<int> prompt;
        lock (_random) prompt = [.. Enumerable.Range(0, promptTokens).Select(_ => _random.Next(served.VocabSize))];
        return new GenerationRequest(RequestId.New(), prompt, new SamplingOptions { Temperature = 0, MaxNewTokens = newTokens, IgnoreEos = true });
    }

    private static void Check(GenerationUpdate update)
    {
        if (update is GenerationFailed failed) throw new GenerationFailedException(failed.Error, failed.Message);
    }

    private static DisaggResult Median(List<DisaggResult> rounds)
    {
        double Of(Func<DisaggResult, double> figure) => Percentile([.. rounds.Select(figure)], 50);
        return new DisaggResult(
            rounds[0].Mode, Of(r => r.TtftP50), Of(r => r.TtftP99), Of(r => r.HandoverP50),
            Of(r => r.QuietItlP50), Of(r => r.QuietItlP99), Of(r => r.ItlP50), Of(r => r.ItlP99), Of(r => r.LongTtftP50));
    }

    /// <summary>The nearest of the values.</summary>
    private static double Percentile(List<double> values, int percent)
    {
        if (values.Count == 0) return double.NaN;
        var sorted = values.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(sorted.Count * percent / 100.0) - 1, 0, sorted.Count - 1)];
    }

    /// <summary>What the streams of one round saw.</summary>
    private sealed class Load
    {
        private readonly Lock _lock = new();

        public List<double> Quiet { get; } = [];

        public List<double> Disturbed { get; } = [];

        public List<double> LongFirst { get; } = [];

        public volatile bool IsDisturbed;

        public void Add(double milliseconds, bool isQuiet)
        {
            lock (_lock)
            {
                if (IsDisturbed) Disturbed.Add(milliseconds);
                else if (isQuiet) Quiet.Add(milliseconds);
            }
        }
    }

    private sealed class Stream(int quietTokens)
    {
        private readonly TaskCompletionSource _quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task QuietEnded => quietTokens > 0 ? _quiet.Task : Task.CompletedTask;

        public void EndQuiet() => _quiet.TrySetResult();
    }
}
