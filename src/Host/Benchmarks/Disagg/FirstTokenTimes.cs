using System.Diagnostics;
using ActorInference.Gpu.Workers;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>Where the time of one answer went, in milliseconds.</summary>
/// <param name="FirstMs">From the request to its first token.</param>
/// <param name="SecondMs">From that to the second.</param>
/// <param name="DispatchMs">From the request to the step that its worker began it with.</param>
/// <param name="ComputeMs">What the runner took for the prompt's steps.</param>
/// <param name="HandoverMs">From the end of computing the prompt's last part to the first token at the gateway's client.</param>
internal readonly record struct FirstTokenTimes(double FirstMs, double SecondMs, double DispatchMs, double ComputeMs, double HandoverMs)
{
    /// <summary>All that was not computing: what disaggregation could add to.</summary>
    public double BeyondComputeMs => FirstMs - ComputeMs;

    /// <param name="answer">At least two tokens.</param>
    /// <param name="steps">Of the worker that processed the prompt, which had nothing else to do meanwhile.</param>
    /// <exception cref="InvalidOperationException">None of the steps is the prompt's.</exception>
    public static FirstTokenTimes Of(TimedAnswer answer, IEnumerable<StepSpan> steps)
    {
        var (sent, first) = (answer.SentAt, answer.TokensAt[0]);
        var own = steps.Where(step => step.PrefillTokens > 0 && step.BeganAt >= sent && step.ComputedAt <= first).ToList();
        if (own.Count == 0) throw new InvalidOperationException("The worker that was to process a prompt noted no step of it.");
        return new FirstTokenTimes(
            Milliseconds(sent, first), Milliseconds(first, answer.TokensAt[1]), Milliseconds(sent, own[0].BeganAt), own.Sum(step => step.ComputeMs), Milliseconds(own[^1].ComputedAt, first));
    }

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
