namespace ActorInference.Roles.Groups.Spec;

/// <summary>Like groups: <c>set-0</c>, <c>set-1</c> and so on.</summary>
public sealed record RoleBasedGroupSet : SpecDocument
{
    public const string KindName = "RoleBasedGroupSet";

    public override string Kind => KindName;

    public int Replicas { get; init; } = 1;

    /// <summary>The groups' spec; its name is a pattern's, the set's own.</summary>
    public required RoleBasedGroup Template { get; init; }

    /// <summary>The group of one index.</summary>
    public RoleBasedGroup Child(int index) => Template with
    {
        Metadata = Template.Metadata with
        {
            Name = ChildName(index),
            Namespace = Metadata.Namespace,
            Labels = Template.Metadata.Labels.SetItem(SpecNames.Prefix + "groupset-name", Name).SetItem(SpecNames.Prefix + "groupset-index", $"{index}"),
        },
    };

    public string ChildName(int index) => $"{Name}-{index}";
}
