using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace ActorInference.Host.Commands;

/// <summary>What <c>actorinference up</c> was asked to do, checked.</summary>
public sealed record UpOptions : ProcessOptions
{
    /// <summary>With the same model, configuration and ports of operators.</summary>
    [SetsRequiredMembers]
    public UpOptions(ProcessOptions process)
        : base(process)
    {
    }

    /// <summary>Address to listen on.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>A process for each role, instead of one for all.</summary>
    public bool Processes { get; init; }

    /// <summary>Null to serve.</summary>
    public PromptOptions? Prompt { get; init; }
}

/// <summary>One answer on the command line.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="Raw">Without the model's chat template.</param>
/// <param name="Json">As one JSON object with figures, not as text.</param>
public sealed record PromptOptions(string Text, bool Raw, bool Json)
{
    /// <summary>New tokens at most; null for the default, cut to the context.</summary>
    public int? MaxTokens { get; init; }

    public float Temperature { get; init; }

    public float TopP { get; init; } = 1;

    /// <summary>0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Null for a random one.</summary>
    public long? Seed { get; init; }
}
