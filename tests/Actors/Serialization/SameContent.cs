using System.Collections;
using System.Collections.Immutable;
using Akka.Actor;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>Whether two messages say the same. Records with an ImmutableArray compare by whose array it is.</summary>
internal static class SameContent
{
    /// <returns>Where the two first differ, and how; null if they don't.</returns>
    public static string? Difference(object? expected, object? actual, string path = "message")
    {
        if (expected is null || actual is null || expected is IActorRef or string) return Leaf(expected, actual, path);
        if (expected.GetType() != actual.GetType()) return $"{path} is a {actual.GetType()}, not a {expected.GetType()}";
        if (expected is IEnumerable many) return Elements(many, (IEnumerable)actual, path);
        if (expected.GetType() is { IsPrimitive: true } or { IsEnum: true } || expected is Guid) return Leaf(expected, actual, path);
        return expected.GetType().GetProperties()
            .Where(property => property.GetMethod is { IsStatic: false })
            .Select(property => Difference(property.GetValue(expected), property.GetValue(actual), $"{path}.{property.Name}"))
            .FirstOrDefault(difference => difference is not null);
    }

    private static string? Elements(IEnumerable expected, IEnumerable actual, string path)
    {
        var (wanted, got) = (expected.Cast<object>().ToArray(), actual.Cast<object>().ToArray());
        if (wanted.Length != got.Length) return $"{path} has {got.Length} elements, not {wanted.Length}";
        if (expected.GetType().GetGenericTypeDefinition() != typeof(ImmutableArray<>))
            return wanted.ToHashSet().SetEquals(got) ? null : $"{path} has other elements";
        return wanted.Zip(got)
            .Select((pair, i) => Difference(pair.First, pair.Second, $"{path}[{i}]"))
            .FirstOrDefault(difference => difference is not null);
    }

    private static string? Leaf(object? expected, object? actual, string path) =>
        Equals(expected, actual) ? null : $"{path} is '{actual ?? "null"}', not '{expected ?? "null"}'";
}
