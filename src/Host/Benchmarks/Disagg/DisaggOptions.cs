namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>The load of a <see cref="DisaggBenchmark"/>.</summary>
public sealed record DisaggOptions
{
    /// <summary>Tokens of a stream's prompt, and of those for the first token's time.</summary>
    public int PromptTokens { get; init; } = 64;

    /// <summary>How often a prompt is answered both ways on each processor, nothing else going on, for the first token's time.</summary>
    public int Pairs { get; init; } = 12;

    /// <summary>Streams that generate while long prompts are processed.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Steps of each stream that are measured before the long prompts.</summary>
    public int AloneSteps { get; init; } = 100;

    /// <summary>Least steps of each stream that are measured beside long prompts.</summary>
    public int BesideSteps { get; init; } = 300;

    /// <summary>Tokens of a long prompt.</summary>
    public int LongPromptTokens { get; init; } = 2000;

    /// <summary>Least long prompts that are processed to their end, one after another, where they have a process of their own.</summary>
    public int LongPrompts { get; init; } = 1;

    /// <summary>Times that streams beside prompts are measured, each time on the other processor; figures are medians.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Whether each worker process keeps to a processor of its own, and the gateway to that of the prompts.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether the gateway goes where the system puts it all the same.</summary>
    public bool FreeGateway { get; init; }

    /// <summary>Steps of the bare loop that shows what the machine itself does to a step; 0 is none.</summary>
    public int BareSteps { get; init; } = 200;
}
