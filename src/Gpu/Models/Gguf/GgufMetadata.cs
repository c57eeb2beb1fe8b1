using System.Globalization;
using System.Numerics;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>The keys and values at the head of a GGUF file. Numbers are long, ulong or double, flags bool, texts string, lists arrays of these.</summary>
public sealed class GgufMetadata
{
    private readonly Dictionary<string, object> _values;

    internal GgufMetadata(string path, Dictionary<string, object> values) => (Path, _values) = (path, values);

    public string Path { get; }

    public IReadOnlyDictionary<string, object> Values => _values;

    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>An integer within bounds; <paramref name="fallback"/> where the key is not there, if one is given.</summary>
    /// <exception cref="ModelFormatException">It is missing, no integer, or out of bounds.</exception>
    public int Int(string key, int least, int most, int? fallback = null)
    {
        if (!_values.TryGetValue(key, out var value)) return fallback ?? throw Missing(key, $"an integer from {least} to {most}");
        if (TryInteger(value, out var number) && number >= least && number <= most) return (int)number;
        throw Error(key, $"an integer from {least} to {most}");
    }

    /// <summary>A number within bounds.</summary>
    /// <exception cref="ModelFormatException">As for <see cref="Int"/>.</exception>
    public double Number(string key, double least, double most, double? fallback = null)
    {
        if (!_values.TryGetValue(key, out var value)) return fallback ?? throw Missing(key, $"a number from {least} to {most}");
        var number = value switch { double real => real, long whole => whole, ulong whole => whole, _ => double.NaN };
        return number >= least && number <= most ? number : throw Error(key, $"a number from {least} to {most}");
    }

    public bool Flag(string key, bool fallback) =>
        !_values.TryGetValue(key, out var value) ? fallback : value as bool? ?? throw Error(key, "true or false");

    /// <returns>Null where the key is not there.</returns>
    public string? Text(string key) =>
        !_values.TryGetValue(key, out var value) ? null : value as string ?? throw Error(key, "a text");

    /// <returns>Null where the key is not there.</returns>
    public string[]? Texts(string key) =>
        !_values.TryGetValue(key, out var value) ? null : value as string[] ?? throw Error(key, "a list of texts");

    /// <summary>A list of numbers of any kind.</summary>
    /// <returns>Null where the key is not there.</returns>
    public T[]? Numbers<T>(string key)
        where T : INumber<T>
    {
        if (!_values.TryGetValue(key, out var value)) return null;
        try
        {
            return value switch
            {
                long[] list => Array.ConvertAll(list, T.CreateChecked),
                ulong[] list => Array.ConvertAll(list, T.CreateChecked),
                double[] list => Array.ConvertAll(list, T.CreateChecked),
                _ => throw Error(key, "a list of numbers"),
            };
        }
        catch (OverflowException)
        {
            throw Error(key, $"a list of numbers that fit into {typeof(T).Name}");
        }
    }

    public ModelFormatException Missing(string key, string expected) => new(Path, key, "missing", expected);

    public ModelFormatException Error(string key, string expected) => new(Path, key, Show(_values[key]), expected);

    private static bool TryInteger(object value, out long number)
    {
        (var known, number) = value switch
        {
            long whole => (true, whole),
            ulong whole when whole <= long.MaxValue => (true, (long)whole),
            _ => (false, 0),
        };
        return known;
    }

    private static string Show(object value) => value switch
    {
        string text => $"'{JsonFields.OneLine(text)}'",
        Array list => $"a list of {list.Length}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
