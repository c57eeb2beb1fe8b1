using System.Net;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary>What <c>actorinference up</c> was asked to do, checked.</summary>
public sealed record UpOptions
{
    /// <summary>Absolute path of the model's folder; exists.</summary>
    public required string ModelFolder { get; init; }

    /// <summary>Name in the API.</summary>
    public required string ModelName { get; init; }

    /// <summary>Address to listen on.</summary>
    public required IPAddress Host { get; init; }

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    public required int Port { get; init; }

    /// <summary>Port of the management routes, on loopback.</summary>
    public required PortRequest ManagementPort { get; init; }

    /// <summary>Port that consoles connect to, on loopback.</summary>
    public required PortRequest CmdPort { get; init; }

    /// <summary>Folder for what outlives the process; null for none.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Threads of the compute pool; null for one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>Size of the KV pool in pages; null to derive it.</summary>
    public int? KvPages { get; init; }

    /// <summary>Size of the KV pool in bytes; null to derive it. Not both.</summary>
    public long? KvBytes { get; init; }

    /// <summary>Tokens of a KV page; a power of two.</summary>
    public required int PageSizeTokens { get; init; }

    public required LogLevel LogLevel { get; init; }

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
