using System.Diagnostics;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Workers;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>Streams generate; after a while long prompts come, one after another; then all are cancelled. Once with a worker for each, once with two that do both.</summary>
internal sealed class BesidePrompts(BenchCluster cluster, TimedPrompts prompts, DisaggOptions options)
{
    /// <summary>Of each stream, before anything is measured: all of them generate then.</summary>
    private const int FirstTokens = 3;

    /// <summary>What one round saw.</summary>
    private sealed record Observed(List<StreamTimes> Streams, Window Alone, Window Beside, ProcessorTimes Before, ProcessorTimes After, IReadOnlyList<double> LongFirstMs);

    /// <param name="isApart">Whether one worker processes prompts and the other generates.</param>
    /// <param name="place">The worker that processes prompts then.</param>
    public async Task<BesideResult> RunAsync(bool isApart, int place, CancellationToken stop)
    {
        await cluster.SetRolesAsync([.. cluster.Workers.Select((_, i) => !isApart ? WorkerRole.Both : i == place ? WorkerRole.Prefill : WorkerRole.Decode)], stop);
        using var gateway = options is { Pinned: true, FreeGateway: false } && isApart ? ProcessorAffinity.Keep(place) : null;
        List<BenchWorker> generating = [.. cluster.Workers.Where((_, i) => !isApart || i != place)];
        var observed = await ObserveAsync(isApart, generating, stop);
        return Evaluate(isApart, generating, options.Pinned && isApart ? 1 - place : null, observed);
    }

    private async Task<Observed> ObserveAsync(bool isApart, List<BenchWorker> generating, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var streams = Enumerable.Range(0, options.Concurrency).Select(_ => new StreamTimes()).ToList();
        var running = Task.WhenAll(streams.Select(stream => GenerateAsync(stream, end.Token)));
        try
        {
            await UntilAsync(streams, FirstTokens, running);
            var from = Stopwatch.GetTimestamp();
            await UntilAsync(streams, options.AloneSteps, running);
            var (alone, before) = (Window.Since(from), ProcessorTimes.Take(generating.Select(worker => worker.ProcessId)));
            from = Stopwatch.GetTimestamp();
            var first = await ProcessLongAsync(streams, running, isApart ? options.LongPrompts : 0, stop);
            var beside = Window.Since(from);
            return new Observed(streams, alone, beside, before, ProcessorTimes.Take(generating.Select(worker => worker.ProcessId)), first);
        }
        finally
        {
            await end.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One long prompt after another, until each stream has enough tokens beside them and enough prompts were processed; the one under way then is cancelled.</summary>
    /// <returns>Milliseconds to the first token of each that was processed.</returns>
    private async Task<IReadOnlyList<double>> ProcessLongAsync(List<StreamTimes> streams, Task running, int least, CancellationToken stop)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var enough = UntilAsync(streams, options.BesideSteps, running);
        var first = new List<double>();
        while (first.Count < least || !enough.IsCompleted)
        {
            var prompt = prompts.RunAsync(options.LongPromptTokens, newTokens: 1, cut.Token);
            if (first.Count >= least && await Task.WhenAny(prompt, enough) == enough)
            {
                await cut.CancelAsync();
                await ((Task)prompt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            }

            var answer = await prompt;
            first.Add(Stopwatch.GetElapsedTime(answer.SentAt, answer.TokensAt[0]).TotalMilliseconds);
        }

        await enough;
        return first;
    }

    /// <summary>Until each stream has so many more tokens.</summary>
    private static async Task UntilAsync(List<StreamTimes> streams, int tokens, Task running)
    {
        var reached = Task.WhenAll(streams.Select(stream => stream.MoreAsync(tokens)));
        if (await Task.WhenAny(reached, running) == running) await running;
    }

    /// <summary>One sequence after another, each as long as the context allows.</summary>
    private async Task GenerateAsync(StreamTimes stream, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            stream.BeginAnew();
            await foreach (var time in prompts.StreamAsync(options.PromptTokens, prompts.MostNewTokens(options.PromptTokens), end)) stream.Add(time);
        }
    }

    private BesideResult Evaluate(bool isApart, List<BenchWorker> generating, int? processor, Observed seen)
    {
        Sample Intervals(Window window) => new(seen.Streams.SelectMany(stream => stream.Intervals(window)));
        var (alone, beside) = (Intervals(seen.Alone), Intervals(seen.Beside));
        var steps = generating.Select(worker => StepLog.Read(worker.StepLog)).ToList();
        var between = new Sample(steps.SelectMany(each => BetweenSteps(each, seen.Beside)));
        var computed = new Sample(steps.SelectMany(each => Computed(each, seen.Beside)));
        return new BesideResult
        {
            Mode = isApart ? "disaggregated" : "aggregated",
            Intervals = beside.Count,
            ItlMedianAloneMs = alone.Median,
            ItlP99AloneMs = alone.P99,
            ItlMedianBesideMs = beside.Median,
            ItlP99BesideMs = beside.P99,
            ItlMaxBesideMs = beside.Max,
            ItlP99OverMedianBeside = beside.P99 / beside.Median,
            StepMedianAloneMs = new Sample(steps.SelectMany(each => Computed(each, seen.Alone))).Median,
            StepMedianBesideMs = computed.Median,
            StepP99BesideMs = computed.P99,
            BetweenStepsMedianBesideMs = between.Median,
            BetweenStepsP99BesideMs = between.P99,
            WaitedShareBeside = seen.After.WaitedShareSince(seen.Before),
            StolenShareBeside = seen.After.StolenShareSince(seen.Before, processor),
            LongPrompts = seen.LongFirstMs.Count,
            LongFirstTokenMs = new Sample(seen.LongFirstMs).Median,
        };
    }

    private static IEnumerable<double> Computed(IEnumerable<StepSpan> steps, Window window) =>
        steps.Where(step => step.DecodeTokens > 0 && step.BeganAt >= window.From && step.ComputedAt <= window.To).Select(step => step.ComputeMs);

    private static IEnumerable<double> BetweenSteps(IReadOnlyList<StepSpan> steps, Window window) =>
        from pair in steps.Zip(steps.Skip(1))
        where pair.First.DecodeTokens > 0 && pair.Second.DecodeTokens > 0 && pair.First.BeganAt >= window.From && pair.Second.ComputedAt <= window.To
        select Stopwatch.GetElapsedTime(pair.First.ComputedAt, pair.Second.BeganAt).TotalMilliseconds;
}
