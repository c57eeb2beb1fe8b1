using System.Collections.Immutable;
using ActorInference.Host.Commands;
using ActorInference.Host.Composition;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>
/// Two worker processes, divided into prefill and decode or doing both, under the same load: how soon the first token comes, and how even the others come while
/// long prompts are processed beside them. The same two processes all the time, whose roles are changed, so that nothing differs but what is measured.
/// </summary>
public sealed class DisaggBenchmark(ServedModel served, ProcessOptions model, DisaggOptions options)
{
    private const int WorkerCount = 2;

    /// <summary>Starts the processes, measures, ends them.</summary>
    /// <exception cref="GenerationFailedException">A request failed; there are no figures then.</exception>
    public async Task<DisaggReport> RunAsync(CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("actorinference-bench-disagg-");
        try
        {
            ImmutableArray<RolePlacement> places =
                [.. Enumerable.Range(0, WorkerCount).Select(i => new RolePlacement(options.Pinned ? i : null, folder.CreateSubdirectory($"worker-{i}").FullName))];
            await using var cluster = await BenchCluster.StartAsync(served, model, places, stop);
            var prompts = new TimedPrompts(served, cluster.Generator);
            var first = await new FirstTokenPairs(cluster, prompts, options).RunAsync(stop);
            var (beside, machine) = await MeasureBesideAsync(new BesidePrompts(cluster, prompts, options), stop);
            return new DisaggReport(first, beside, machine);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Both ways in each round, and between them, when the workers have nothing to do, the machine by itself: what it does to a thread changes from minute to minute.</summary>
    private async Task<(ImmutableArray<BesideResult> Beside, MachineResult? Machine)> MeasureBesideAsync(BesidePrompts streams, CancellationToken stop)
    {
        var (apart, together, machine) = (new List<BesideResult>(), new List<BesideResult>(), new List<MachineResult>());
        for (var round = 0; round < options.Rounds; round++)
        {
            var place = round % WorkerCount;
            var first = await streams.RunAsync(isApart: true, place, stop);
            MachineResult? bare = null;
            if (options.BareSteps > 0)
            {
                bare = await MachineNoise.MeasureAsync(options, place, TimeSpan.FromMilliseconds(first.StepMedianBesideMs ?? 1), stop);
                machine.Add(bare);
            }

            apart.Add(first.Over(bare));
            together.Add((await streams.RunAsync(isApart: false, place, stop)).Over(bare));
        }

        return ([Median(apart), Median(together)], machine.Count > 0 ? MachineResult.Median(machine) : null);
    }

    private static BesideResult Median(List<BesideResult> rounds)
    {
        double? Of(Func<BesideResult, double?> figure) => new Sample(rounds.Select(figure).OfType<double>()).Median;
        return new BesideResult
        {
            Mode = rounds[0].Mode,
            Intervals = rounds.Sum(each => each.Intervals),
            ItlMedianAloneMs = Of(each => each.ItlMedianAloneMs),
            ItlP99AloneMs = Of(each => each.ItlP99AloneMs),
            ItlMedianBesideMs = Of(each => each.ItlMedianBesideMs),
            ItlP99BesideMs = Of(each => each.ItlP99BesideMs),
            ItlMaxBesideMs = Of(each => each.ItlMaxBesideMs),
            ItlP99OverMedianBeside = Of(each => each.ItlP99OverMedianBeside),
            ItlP99OverMedianBesideOverMachine = Of(each => each.ItlP99OverMedianBesideOverMachine),
            StepMedianAloneMs = Of(each => each.StepMedianAloneMs),
            StepMedianBesideMs = Of(each => each.StepMedianBesideMs),
            StepP99BesideMs = Of(each => each.StepP99BesideMs),
            BetweenStepsMedianBesideMs = Of(each => each.BetweenStepsMedianBesideMs),
            BetweenStepsP99BesideMs = Of(each => each.BetweenStepsP99BesideMs),
            WaitedShareBeside = Of(each => each.WaitedShareBeside),
            StolenShareBeside = Of(each => each.StolenShareBeside),
            LongPrompts = rounds.Sum(each => each.LongPrompts),
            LongFirstTokenMs = Of(each => each.LongFirstTokenMs),
        };
    }
}
