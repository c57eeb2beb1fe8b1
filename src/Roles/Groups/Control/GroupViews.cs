using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Plans in words.</summary>
public static class GroupViews
{
    public static string Describe(Hold hold) => $"{(hold.Instance is { } key ? key.ToString() : hold.Role.Length > 0 ? hold.Role : "group")}: {hold.Reason}";
}
