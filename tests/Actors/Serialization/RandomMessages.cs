using System.Collections.Immutable;
using System.Diagnostics;
using System.Reflection;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>
/// Messages with values in all their fields, found by reflection: a field that is added later is filled as well, so that one
/// that the serializer forgets is noticed.
/// </summary>
internal sealed class RandomMessages(int seed, IReadOnlyList<IActorRef> actors)
{
    private static readonly float[] OddFloats = [0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.MaxValue, float.Epsilon];

    private readonly Random _random = new(seed);
    private readonly NullabilityInfoContext _nullability = new();

    public object Next(Type type)
    {
        var message = Make(type);
        if (message is not KvTransferProtocol.KvPages { Remote: { } remote } pages) return message;
        // One checksum a page is part of the format.
        return pages with { Remote = remote with { Checksums = [.. pages.Pages.Select(_ => (uint)_random.NextInt64(1L << 32))] } };
    }

    private object Make(Type type)
    {
        var constructor = type.GetConstructors().OrderByDescending(each => each.GetParameters().Length).First(each => !IsCopy(each, type));
        var parameters = constructor.GetParameters();
        var made = constructor.Invoke([.. parameters.Select(each => Value(each.ParameterType, IsNullable(_nullability.Create(each))))]);
        foreach (var property in type.GetProperties().Where(each => each.CanWrite && parameters.All(parameter => parameter.Name != each.Name)))
            property.SetValue(made, Value(property.PropertyType, IsNullable(_nullability.Create(property))));
        return made;
    }

    private static bool IsCopy(ConstructorInfo constructor, Type type) =>
        constructor.GetParameters() is [var only] && only.ParameterType == type;

    private static bool IsNullable(NullabilityInfo info) => info.ReadState == NullabilityState.Nullable;

    private object? Value(Type type, bool isNullable)
    {
        if (isNullable && _random.Next(4) == 0) return null;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(int)) return Number();
        if (type == typeof(uint)) return (uint)_random.NextInt64(1L << 32);
        if (type == typeof(long)) return _random.Next(2) == 0 ? Number() : _random.NextInt64(long.MinValue, long.MaxValue);
        if (type == typeof(ulong)) return (ulong)_random.NextInt64(long.MinValue, long.MaxValue);
        if (type == typeof(TimeSpan)) return TimeSpan.FromMilliseconds(Number());
        if (type == typeof(bool)) return _random.Next(2) == 0;
        if (type == typeof(float)) return _random.Next(4) == 0 ? OddFloats[_random.Next(OddFloats.Length)] : BitConverter.Int32BitsToSingle(Number());
        if (type == typeof(string)) return Text();
        if (type == typeof(Guid)) return RandomGuid();
        if (type == typeof(ActivityTraceId)) return ActivityTraceId.CreateRandom();
        if (type == typeof(ActivitySpanId)) return ActivitySpanId.CreateRandom();
        if (type == typeof(RequestId)) return new RequestId(RequestText());
        if (type == typeof(IActorRef)) return actors[_random.Next(actors.Count)];
        if (type.IsEnum) return Enum.GetValues(type).GetValue(_random.Next(Enum.GetValues(type).Length))!;
        return type.IsGenericType ? Collection(type) : Make(type);
    }

    private object Collection(Type type)
    {
        var name = type.GetGenericTypeDefinition() switch
        {
            var definition when definition == typeof(ImmutableArray<>) => nameof(ArrayOf),
            var definition when definition == typeof(ImmutableHashSet<>) => nameof(SetOf),
            var definition when definition == typeof(ImmutableDictionary<,>) => nameof(DictionaryOf),
            _ => throw new NotSupportedException($"No random values are known for {type}."),
        };
        var method = GetType().GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!;
        return method.MakeGenericMethod(type.GetGenericArguments()).Invoke(this, [_random.Next(3) == 0 ? 0 : _random.Next(40)])!;
    }

    private ImmutableArray<T> ArrayOf<T>(int count) => [.. Many<T>(count)];

    private ImmutableHashSet<T> SetOf<T>(int count) => [.. Many<T>(count)];

    private ImmutableDictionary<TKey, TValue> DictionaryOf<TKey, TValue>(int count)
        where TKey : notnull => Many<TKey>(count).Distinct().ToImmutableDictionary(key => key, _ => Many<TValue>(1).Single());

    private IEnumerable<T> Many<T>(int count)
    {
        for (var i = 0; i < count; i++) yield return (T)Value(typeof(T), isNullable: false)!;
    }

    private int Number() => _random.Next(3) switch
    {
        0 => _random.Next(3),
        1 => _random.Next(200_000),
        _ => (int)_random.NextInt64(int.MinValue, 1L + int.MaxValue),
    };

    private Guid RandomGuid()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private string RequestText() => _random.Next(6) switch
    {
        0 => Text(),
        1 => new string('0', 32),
        2 => RandomGuid().ToString("n").ToUpperInvariant(),
        3 => new string('0', 16) + RandomGuid().ToString("n")[16..],
        _ => RandomGuid().ToString("n"),
    };

    private string Text() => string.Concat(Enumerable.Range(0, _random.Next(40)).Select(_ => _random.Next(4) switch
    {
        0 => "\U0001F600",
        1 => ((char)_random.Next(0xA0, 0xD800)).ToString(),
        _ => ((char)_random.Next(0x80)).ToString(),
    }));
}
