using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Engine;

/// <summary>Steps of a machine that is a formula: sequences decode, prompts come beside them, and the budget under test says how much of these a step takes.</summary>
internal sealed class SimulatedSteps(ChunkBudget budget, int seed)
{
    public const double DecodeMs = 40;

    private const int Decodes = 4;

    private readonly Random _random = new(seed);

    /// <summary>What so many prompt tokens add, in ms, before attention.</summary>
    public Func<int, double> ChunkMs { get; set; } = static tokens => 3.0 * tokens;

    /// <summary>What a prompt token adds for each that it attends to.</summary>
    public double AttendedMs { get; set; }

    /// <summary>Standard deviation of the logarithm of what a step takes by what it should.</summary>
    public double Noise { get; set; }

    /// <summary>What all takes longer by, for the nth step.</summary>
    public Func<int, double> Slowness { get; set; } = static _ => 1;

    /// <summary>Steps beside prompts, in order.</summary>
    public List<(StepWork Work, double Ms)> Steps { get; } = [];

    /// <summary>What all but one in a hundred kept, in units of a quiet step.</summary>
    public double P99 => Steps.Select(static step => step.Ms / DecodeMs).Order().ElementAt((int)Math.Ceiling(0.99 * (Steps.Count - 1)));

    public double MeanTokens => Steps.Average(static step => step.Work.PromptTokens);

    private int Count { get; set; }

    public SimulatedSteps Quiet(int steps)
    {
        for (var i = 0; i < steps; i++) Run(new StepWork(Decodes, 0, 0));
        return this;
    }

    /// <summary>Computes a prompt from a position on.</summary>
    public SimulatedSteps Prompt(int tokens, int position = 0)
    {
        for (var end = position + tokens; position < end;)
        {
            var work = new StepWork(Decodes, 0, 0);
            var chunk = Math.Min(budget.TokensBeside(work, position), end - position);
            work = work.WithPrompt(chunk, position);
            Steps.Add((work, Run(work)));
            position += chunk;
        }

        return this;
    }

    private double Run(StepWork work)
    {
        var chunkMs = work.PromptTokens == 0 ? 0 : ChunkMs(work.PromptTokens);
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        var ms = (DecodeMs + chunkMs + AttendedMs * work.Attended) * Math.Exp(Noise * normal) * Slowness(Count++);
        budget.Observe(work, TimeSpan.FromMilliseconds(ms));
        return ms;
    }
}
