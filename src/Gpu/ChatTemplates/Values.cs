using System.Collections;
using System.Numerics;

namespace ActorInference.Gpu.ChatTemplates;

// A value is an object, never null: None, bool, long, double, string, BigInteger (a number of the input beyond 64 bits,
// which is only printed), ISequence (list, tuple, range), Dict, Namespace, LoopState, Callable, Undefined.

/// <summary>Python's None.</summary>
internal sealed class None
{
    public static readonly None Value = new();

    private None() { }
}

/// <summary>A value that is not there: prints as nothing, is false, has no items, and fails when used otherwise.</summary>
/// <param name="message">What is missing, for that failure.</param>
internal sealed class Undefined(string message)
{
    public TemplateFault Fault() => new(message);

    public static Undefined Name(string name) => new($"'{name}' is undefined");
}

internal interface ISequence : IReadOnlyList<object>;

internal sealed class ListValue : List<object>, ISequence
{
    public ListValue() { }

    public ListValue(IEnumerable<object> items) : base(items) { }
}

internal sealed class TupleValue(params object[] items) : ISequence
{
    public int Count => items.Length;

    public object this[int index] => items[index];

    public IEnumerator<object> GetEnumerator() => ((IEnumerable<object>)items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => items.GetEnumerator();
}

internal sealed class RangeValue : ISequence
{
    private const int MaxCount = 100_000;   // As in Jinja's sandbox.

    public RangeValue(long start, long stop, long step)
    {
        if (step == 0) throw new TemplateFault("the step of range() is 0");
        (Start, Stop, Step) = (start, stop, step);
        var distance = step > 0 ? (BigInteger)stop - start : (BigInteger)start - stop;
        var count = distance <= 0 ? 0 : (distance + BigInteger.Abs(step) - 1) / BigInteger.Abs(step);
        if (count > MaxCount) throw new TemplateFault($"range() has {count} items; at most {MaxCount} are allowed");
        Count = (int)count;
    }

    public long Start { get; }

    public long Stop { get; }

    public long Step { get; }

    public int Count { get; }

    public object this[int index] => Start + (index * Step);

    public IEnumerator<object> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Keeps the order in which keys came. A key is a string, number, bool or None.</summary>
internal sealed class Dict : OrderedDictionary<object, object>
{
    public Dict() : base(KeyComparer.Instance) { }

    public void Put(object key, object value) =>
        this[IsKey(key) ? key : throw new TemplateFault($"a {Operators.TypeName(key)} cannot be a key")] = value;

    public bool Has(object key) => IsKey(key) && ContainsKey(key);

    public object? Find(object key) => IsKey(key) && TryGetValue(key, out var value) ? value : null;

    private static bool IsKey(object key) => key is string or bool or long or double or BigInteger or None;
}

/// <summary>Keys are equal as in Python: 1, 1.0 and True are one key.</summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    public static readonly KeyComparer Instance = new();

    public new bool Equals(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        _ when Operators.TryNumber(left!, out var a) && Operators.TryNumber(right!, out var b) => Number.Compare(a, b) == 0,
        _ => object.Equals(left, right),
    };

    public int GetHashCode(object key) => Operators.TryNumber(key, out var number) ? number.AsDouble.GetHashCode() : key.GetHashCode();
}

/// <summary>What namespace() makes: the only thing whose attributes a template may set.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);
}
