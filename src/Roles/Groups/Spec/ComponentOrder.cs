using System.Collections.Immutable;
using static ActorInference.Roles.Groups.Spec.AnnotationJson;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Which components of an instance begin, and end, after which others: RBG's annotation <see cref="SpecNames.ComponentOrder"/>.</summary>
/// <param name="StartAfter">Ready before it begins; they end after it.</param>
/// <param name="DeleteAfter">Ended before it ends.</param>
public sealed record ComponentOrder(ImmutableArray<string> StartAfter, ImmutableArray<string> DeleteAfter)
{
    public static ComponentOrder None { get; } = new([], []);

    /// <summary>By the component's own annotation, else by its template's.</summary>
    public static ComponentOrder Of(ComponentSpec component) => component.Annotation(SpecNames.ComponentOrder) is { } text ? Parse(text, _ => { }) : None;

    /// <summary>Reads <c>{"startAfter":["component"],"deleteAfter":["component"]}</c>.</summary>
    /// <param name="error">Told of everything that is wrong, which is left out.</param>
    public static ComponentOrder Parse(string text, Action<string> error)
    {
        var found = None;
        Read(text, error, root => found = new ComponentOrder([.. Texts(root, "startAfter", error)], [.. Texts(root, "deleteAfter", error)]), "startAfter", "deleteAfter");
        return found;
    }

    /// <summary>Components that are gone before one of them ends: those that begin after it, and those that it says itself.</summary>
    public static IEnumerable<string> GoneBefore(RoleSpec role, ComponentSpec component) =>
        role.Components.Where(other => Of(other).StartAfter.Contains(component.Name)).Select(other => other.Name).Union(Of(component).DeleteAfter);
}
