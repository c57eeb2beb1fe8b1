using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Serialization;
using Google.Protobuf.Collections;

namespace ActorInference.Actors.Serialization;

/// <summary>What the fields of several forms have in common.</summary>
internal static class Fields
{
    /// <exception cref="SerializationException">The field is missing.</exception>
    public static T Required<T>(T? value, string field)
        where T : class => value ?? throw new SerializationException($"{field} is missing.");

    /// <summary>Adds an array's elements; none if it is the default one.</summary>
    public static void Add<T>(RepeatedField<T> field, ImmutableArray<T> values)
    {
        if (!values.IsDefaultOrEmpty) field.AddRange(values);
    }

    public static ImmutableArray<T> Array<T>(RepeatedField<T> field)
    {
        if (field.Count == 0) return [];
        var values = new T[field.Count];
        field.CopyTo(values, 0);
        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    /// <exception cref="SerializationException">The lengths of two lists that belong together differ.</exception>
    public static void CheckSameLength(int expected, string expectedField, int actual, string actualField)
    {
        if (expected != actual) throw new SerializationException($"{actualField} has {actual} entries; it must have {expected}, as {expectedField} has.");
    }
}
