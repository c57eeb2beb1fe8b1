namespace ActorInference.Roles.Groups;

/// <summary>What actors of groups and agents tell each other between hosts, and journal: written by the groups' own serializer.</summary>
public interface IGroupMessage;
