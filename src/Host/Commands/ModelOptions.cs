using ActorInference.Actors.Kv;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary>Which model a process works with, and on how much of the machine; checked.</summary>
public record ModelOptions
{
    /// <summary>Absolute path of the model's folder; exists.</summary>
    public required string ModelFolder { get; init; }

    /// <summary>Name in the API.</summary>
    public required string ModelName { get; init; }

    /// <summary>Where the model runs.</summary>
    public DeviceChoice Device { get; init; }

    /// <summary>Threads of the compute pool; null for one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>Size of the KV pool in pages; null to derive it.</summary>
    public int? KvPages { get; init; }

    /// <summary>Size of the KV pool in bytes; null to derive it. Not both.</summary>
    public long? KvBytes { get; init; }

    /// <summary>Tokens of a KV page; a power of two.</summary>
    public required int PageSizeTokens { get; init; }

    /// <summary>Element type of keys and values; null for the configuration's.</summary>
    public KvDtype? KvDtype { get; init; }

    /// <summary>Processes that compute the model together for each worker, at least 1; null for the configuration's.</summary>
    public int? Ranks { get; init; }

    /// <summary>For a rank to load its part of the model.</summary>
    public TimeSpan RankStartDeadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a rank is waited for within a step.</summary>
    public TimeSpan RankStepDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How pages travel between processes.</summary>
    public TransferTransport Transport { get; init; }

    public required LogLevel LogLevel { get; init; }

    /// <summary>Says something on stderr before there is a logger, if it would be logged.</summary>
    public void Note(string line) => Say(LogLevel.Information, line);

    /// <summary>The same of what its user had better know.</summary>
    public void Warn(string line) => Say(LogLevel.Warning, line);

    private void Say(LogLevel level, string line)
    {
        if (LogLevel <= level) Console.Error.WriteLine(line);
    }
}
