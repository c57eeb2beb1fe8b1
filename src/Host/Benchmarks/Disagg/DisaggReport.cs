using System.Collections.Immutable;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>What a <see cref="DisaggBenchmark"/> has measured; all times in milliseconds. A figure is null where there was nothing to measure.</summary>
/// <param name="FirstToken">What disaggregation costs the first token.</param>
/// <param name="BesidePrompts">How even the tokens of streams come beside long prompts: disaggregated, then aggregated.</param>
/// <param name="Machine">What the machine does to a thread that only reads memory; null if it was not asked for.</param>
public sealed record DisaggReport(FirstTokenResult FirstToken, ImmutableArray<BesideResult> BesidePrompts, MachineResult? Machine);

/// <summary>First tokens with nothing else going on. Medians; differences are within pairs.</summary>
public sealed record FirstTokenResult
{
    public required int PromptTokens { get; init; }

    /// <summary>Of all processors together.</summary>
    public required int Pairs { get; init; }

    public required double? DisaggregatedMs { get; init; }

    public required double? AggregatedMs { get; init; }

    /// <summary>How much later it comes disaggregated.</summary>
    public required double? OverheadMs { get; init; }

    /// <summary>The true median is within so much of it at 95 %.</summary>
    public required double? OverheadErrorMs { get; init; }

    /// <summary>How much more of the time was not computing: the same without what two computations of one length differ by.</summary>
    public required double? BeyondComputeOverheadMs { get; init; }

    public required double? BeyondComputeOverheadErrorMs { get; init; }

    public required double? BeyondComputeOverheadP99Ms { get; init; }

    /// <summary>From the request to the worker's first step.</summary>
    public required double? DisaggregatedDispatchMs { get; init; }

    public required double? AggregatedDispatchMs { get; init; }

    /// <summary>From the prompt's last part, computed, to the first token at the gateway's client.</summary>
    public required double? DisaggregatedHandoverMs { get; init; }

    public required double? AggregatedHandoverMs { get; init; }

    /// <summary>From the first token to the second: with disaggregation the last pages travel in between.</summary>
    public required double? DisaggregatedSecondTokenMs { get; init; }

    public required double? AggregatedSecondTokenMs { get; init; }

    public required ImmutableArray<FirstTokenOnProcessor> Processors { get; init; }
}

/// <param name="Processor">That processed the prompts.</param>
public sealed record FirstTokenOnProcessor(int Processor, double? DisaggregatedMs, double? AggregatedMs, double? OverheadMs);

/// <summary>Streams beside long prompts, one way to divide the work. Of several rounds, medians.</summary>
public sealed record BesideResult
{
    /// <summary><c>disaggregated</c> or <c>aggregated</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Times between two tokens of a stream that were measured beside prompts.</summary>
    public required int Intervals { get; init; }

    /// <summary>Between two tokens of a stream, at the gateway's client, without long prompts.</summary>
    public required double? ItlMedianAloneMs { get; init; }

    public required double? ItlP99AloneMs { get; init; }

    /// <summary>The same while long prompts are processed: what it is more is what computing them takes from computing these.</summary>
    public required double? ItlMedianBesideMs { get; init; }

    public required double? ItlP99BesideMs { get; init; }

    public required double? ItlMaxBesideMs { get; init; }

    /// <summary>The goal's ratio, at most 1.2 disaggregated, where the machine itself is as even as that.</summary>
    public required double? ItlP99OverMedianBeside { get; init; }

    /// <summary>The same by that of the bare loop of the same round, <see cref="MachineResult.P99OverMedianBeside"/>; null if that was not asked for.</summary>
    public double? ItlP99OverMedianBesideOverMachine { get; init; }

    /// <summary>What the runner of the streams' worker took for a step: the part of the above that is no delay between processes.</summary>
    public required double? StepMedianAloneMs { get; init; }

    public required double? StepMedianBesideMs { get; init; }

    public required double? StepP99BesideMs { get; init; }

    /// <summary>From one step, computed, to the beginning of the next: choosing tokens, telling them, pages and messages that came.</summary>
    public required double? BetweenStepsMedianBesideMs { get; init; }

    public required double? BetweenStepsP99BesideMs { get; init; }

    /// <summary>Part of the time that the thread which computes the streams was ready to run and another thread had its processor. Linux only.</summary>
    public required double? WaitedShareBeside { get; init; }

    /// <summary>Part of the time that the host of this virtual machine had that processor. Linux only.</summary>
    public required double? StolenShareBeside { get; init; }

    /// <summary>Long prompts that were processed to their end, and the median time to their first token.</summary>
    public required int LongPrompts { get; init; }

    public required double? LongFirstTokenMs { get; init; }

    /// <summary>With what the machine by itself does to a step.</summary>
    internal BesideResult Over(MachineResult? machine) => this with { ItlP99OverMedianBesideOverMachine = ItlP99OverMedianBeside / machine?.P99OverMedianBeside };
}

/// <summary>Steps of a thread that only reads as much memory as takes as long as a step of the streams: what nobody can be more even than.</summary>
/// <param name="StepMedianAloneMs">With nothing else going on.</param>
/// <param name="P99OverMedianAlone">The same.</param>
/// <param name="StepMedianBesideMs">While another processor multiplies in registers.</param>
/// <param name="P99OverMedianBeside">The same.</param>
/// <param name="StolenShareBeside">Part of the time that the host had the processor then. Linux only.</param>
public sealed record MachineResult(double? StepMedianAloneMs, double? P99OverMedianAlone, double? StepMedianBesideMs, double? P99OverMedianBeside, double? StolenShareBeside)
{
    internal static MachineResult Median(IReadOnlyCollection<MachineResult> rounds)
    {
        double? Of(Func<MachineResult, double?> figure) => new Sample(rounds.Select(figure).OfType<double>()).Median;
        return new MachineResult(
            Of(each => each.StepMedianAloneMs), Of(each => each.P99OverMedianAlone), Of(each => each.StepMedianBesideMs), Of(each => each.P99OverMedianBeside), Of(each => each.StolenShareBeside));
    }
}
