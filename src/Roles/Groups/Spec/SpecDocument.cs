using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>One document of a spec file: a kind with its metadata. Read by <see cref="SpecReader"/>, written by <see cref="SpecWriter"/>.</summary>
public abstract record SpecDocument
{
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>Value of <c>kind</c>.</summary>
    public abstract string Kind { get; }

    public string Name => Metadata.Name;
}

/// <param name="Namespace"><c>default</c> unless it is said.</param>
public sealed record ObjectMetadata(string Name, string Namespace, ImmutableSortedDictionary<string, string> Labels, ImmutableSortedDictionary<string, string> Annotations)
{
    public const string DefaultNamespace = "default";

    public static ObjectMetadata Named(string name) => new(name, DefaultNamespace, TextMaps.Empty, TextMaps.Empty);
}

internal static class TextMaps
{
    public static ImmutableSortedDictionary<string, string> Empty { get; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}
