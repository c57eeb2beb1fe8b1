using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Workers;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>
/// What disaggregation costs the first token: prompts processed by the same process on the same processor, by turns with another one that generates and by itself, then
/// with the processors swapped. Differences are within a pair, so that what processors differ by, and what the machine does over minutes, is in neither.
/// </summary>
internal sealed class FirstTokenPairs(BenchCluster cluster, TimedPrompts prompts, DisaggOptions options)
{
    /// <summary>The first comes from the prompt's worker, the next ones show when the other has begun.</summary>
    private const int NewTokens = 3;

    private readonly List<(int Place, TimedAnswer Apart, TimedAnswer Together)> _answers = [];

    private readonly record struct Pair(int Place, FirstTokenTimes Apart, FirstTokenTimes Together);

    public async Task<FirstTokenResult> RunAsync(CancellationToken stop)
    {
        for (var i = -1; i < options.Pairs; i++)
        {
            for (var place = 0; place < cluster.Workers.Length; place++)
            {
                var apartFirst = i % 2 == 0;
                var (one, other) = (await AskAsync(place, apartFirst, stop), await AskAsync(place, !apartFirst, stop));
                if (i < 0) continue;   // For the runtime to compile what it runs.
                _answers.Add(apartFirst ? (place, one, other) : (place, other, one));
            }
        }

        var steps = cluster.Workers.Select(worker => StepLog.Read(worker.StepLog)).ToList();
        return Evaluate([.. _answers.Select(each => new Pair(each.Place, FirstTokenTimes.Of(each.Apart, steps[each.Place]), FirstTokenTimes.Of(each.Together, steps[each.Place])))]);
    }

    /// <summary>The other worker generates only, so that the prompt goes where it is to.</summary>
    private async Task<TimedAnswer> AskAsync(int place, bool isApart, CancellationToken stop)
    {
        var role = isApart ? WorkerRole.Prefill : WorkerRole.Both;
        await cluster.SetRolesAsync([.. cluster.Workers.Select((_, i) => i == place ? role : WorkerRole.Decode)], stop);
        return await prompts.RunAsync(options.PromptTokens, NewTokens, stop);
    }

    private FirstTokenResult Evaluate(ImmutableArray<Pair> pairs)
    {
        var overhead = Differences(pairs, times => times.FirstMs);
        var beyond = Differences(pairs, times => times.BeyondComputeMs);
        return new FirstTokenResult
        {
            PromptTokens = options.PromptTokens,
            Pairs = pairs.Length,
            DisaggregatedMs = Median(pairs, pair => pair.Apart.FirstMs),
            AggregatedMs = Median(pairs, pair => pair.Together.FirstMs),
            OverheadMs = overhead.Median,
            OverheadErrorMs = overhead.MedianError,
            BeyondComputeOverheadMs = beyond.Median,
            BeyondComputeOverheadErrorMs = beyond.MedianError,
            BeyondComputeOverheadP99Ms = beyond.P99,
            DisaggregatedDispatchMs = Median(pairs, pair => pair.Apart.DispatchMs),
            AggregatedDispatchMs = Median(pairs, pair => pair.Together.DispatchMs),
            DisaggregatedHandoverMs = Median(pairs, pair => pair.Apart.HandoverMs),
            AggregatedHandoverMs = Median(pairs, pair => pair.Together.HandoverMs),
            DisaggregatedSecondTokenMs = Median(pairs, pair => pair.Apart.SecondMs),
            AggregatedSecondTokenMs = Median(pairs, pair => pair.Together.SecondMs),
            Processors =
            [
                .. pairs.GroupBy(pair => pair.Place).Select(group => new FirstTokenOnProcessor(
                    group.Key, Median(group, pair => pair.Apart.FirstMs), Median(group, pair => pair.Together.FirstMs), Differences(group, times => times.FirstMs).Median)),
            ],
        };
    }

    private static double? Median(IEnumerable<Pair> pairs, Func<Pair, double> of) => new Sample(pairs.Select(of)).Median;

    private static Sample Differences(IEnumerable<Pair> pairs, Func<FirstTokenTimes, double> of) => new(pairs.Select(pair => of(pair.Apart) - of(pair.Together)));
}
