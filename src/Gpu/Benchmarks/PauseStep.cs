using System.Diagnostics;
using System.Globalization;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>One step of an engine, and what may have made it longer than others.</summary>
/// <param name="Phase">What it was measured for.</param>
/// <param name="GapMs">From the step before to its beginning.</param>
/// <param name="Ms">From its beginning to its end.</param>
/// <param name="ComputeMs">Of that, until the runner had computed it.</param>
/// <param name="Work">What it computed, and what it was foretold to take.</param>
/// <param name="Busy">Processor time of this process by that of as many processors as it has threads: what is missing from 1 went to others, or to waiting.</param>
/// <param name="CollectionMs">Pauses for collections of garbage.</param>
public sealed record PauseStep(PausePhase Phase, double GapMs, double Ms, double ComputeMs, StepResult Work, double Busy, double CollectionMs)
{
    /// <summary>Names of what <see cref="ToString"/> gives.</summary>
    public const string Header = "phase,gap_ms,ms,compute_ms,foretold_ms,decodes,prompt_tokens,position,busy,collection_ms";

    /// <summary>0 where nothing was foretold.</summary>
    public double ForetoldMs => Work.Foretold.TotalMilliseconds;

    /// <summary>Tokens before those of prompts, on average.</summary>
    public double Position => Work.PrefillTokens == 0 ? 0 : Work.AttendedTokens / (double)Work.PrefillTokens - (Work.PrefillTokens + 1) / 2.0;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Phase.ToString().ToLowerInvariant()},{GapMs:0.000},{Ms:0.000},{ComputeMs:0.000},{ForetoldMs:0.000},{Work.DecodeTokens},{Work.PrefillTokens},{Position:0.#},{Busy:0.000},{CollectionMs:0.000}");
}

/// <summary>What the steps of a measurement of pauses are for.</summary>
public enum PausePhase
{
    /// <summary>All sequences decode.</summary>
    Quiet,

    /// <summary>They decode beside a prompt.</summary>
    Beside,

    /// <summary>The prompt is computed with nobody else there.</summary>
    Alone,
}

/// <summary>Notes what each step of an engine took.</summary>
internal sealed class PauseSteps(InferenceEngine engine, int threads)
{
    private long _ended = Stopwatch.GetTimestamp();

    public List<PauseStep> All { get; } = new(1 << 14);   // So that growing holds up no step.

    public void Run(PausePhase phase)
    {
        var (pauses, processor) = (GC.GetTotalPauseDuration(), Environment.CpuUsage.TotalTime);
        var began = Stopwatch.GetTimestamp();
        var gap = Stopwatch.GetElapsedTime(_ended, began);
        var work = engine.Step();
        _ended = Stopwatch.GetTimestamp();
        var elapsed = Stopwatch.GetElapsedTime(began, _ended);
        var busy = (Environment.CpuUsage.TotalTime - processor) / (elapsed * threads);
        var compute = Stopwatch.GetElapsedTime(began, engine.ComputedAt);
        All.Add(new PauseStep(
            phase, gap.TotalMilliseconds, elapsed.TotalMilliseconds, compute.TotalMilliseconds, work, busy, (GC.GetTotalPauseDuration() - pauses).TotalMilliseconds));
    }
}
