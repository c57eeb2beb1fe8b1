namespace ActorInference.Roles.Groups.Objects;

/// <summary>What every kind of object is: declared, or being ended.</summary>
/// <param name="Yaml">Empty if it is not declared.</param>
/// <param name="Owner">Group that it ends with; empty for none.</param>
public sealed record DeclaredObject(string Yaml, string Owner, DateTimeOffset CreatedAt, bool IsDeleting)
{
    public static readonly DeclaredObject None = new("", "", default, IsDeleting: false);

    public bool Exists => Yaml.Length > 0;

    /// <summary>Events of one kind only change nothing here.</summary>
    public DeclaredObject Apply(ObjectEvents.IObjectEvent @event) => @event switch
    {
        ObjectEvents.ObjectDeclared e => this with { Yaml = e.Yaml, Owner = e.Owner, CreatedAt = Exists ? CreatedAt : e.At, IsDeleting = false },
        ObjectEvents.ObjectDeleting => this with { IsDeleting = true },
        ObjectEvents.ObjectEnded => None,
        _ => this,
    };
}
