namespace ActorInference.Actors.Protocols;

/// <summary>What a worker does in a generation. It may change while the worker runs; what it has begun it finishes.</summary>
public enum WorkerRole
{
    /// <summary>Processes prompts.</summary>
    Prefill,

    /// <summary>Generates tokens.</summary>
    Decode,

    /// <summary>Both: a generation may have this worker alone, and then no page travels.</summary>
    Both,
}

public static class WorkerRoles
{
    /// <summary>Those that a generation needs, each of which one worker may serve or another.</summary>
    public static IReadOnlyList<WorkerRole> Needed { get; } = [WorkerRole.Prefill, WorkerRole.Decode];

    /// <summary>Whether a worker of one role can be given work of another.</summary>
    public static bool Serves(this WorkerRole role, WorkerRole wanted) => role == wanted || role == WorkerRole.Both;

    /// <summary>Name for people, in lower case.</summary>
    public static string Name(this WorkerRole role) => role.ToString().ToLowerInvariant();

    /// <returns>Null if the text names none.</returns>
    public static WorkerRole? TryParse(string? text)
    {
        foreach (var role in Enum.GetValues<WorkerRole>())
        {
            if (role.Name() == text) return role;
        }

        return null;
    }
}
