using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Plans in words.</summary>
public static class GroupViews
{
    public static string Describe(Hold hold) => $"{Subject(hold)}: {hold.Reason}{(hold.For is { } time ? $" (for {time.TotalSeconds:0} s)" : "")}";

    /// <summary>The same as long as it is the same hold.</summary>
    public static string Name(Hold hold) => $"{Subject(hold)}: {hold.Reason}";

    /// <summary>The instance that does not go on; null if it is the role, whatever instance of another role that waits for.</summary>
    public static InstanceKey? Held(Hold hold) => hold.Instance is { } key && key.Role == hold.Role ? key : null;

    private static string Subject(Hold hold) => Held(hold) is { } key ? key.ToString() : hold.Role.Length > 0 ? hold.Role : "group";
}
