namespace ActorInference.Roles.Configuration;

/// <summary>How a process becomes a member of the cluster: the section <c>actor-inference.membership</c>.</summary>
/// <param name="JoinDeadline">For the seeds to let it in.</param>
public sealed record MembershipSettings(TimeSpan JoinDeadline)
{
    internal static MembershipSettings Read(ConfigSection section)
    {
        var settings = new MembershipSettings(section.Duration("join-deadline"));
        section.CheckNoOthers();
        return settings;
    }
}
