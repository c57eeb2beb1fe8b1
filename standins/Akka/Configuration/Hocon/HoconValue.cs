namespace Akka.Configuration.Hocon;

/// <summary>A text, an array, an object, or null.</summary>
public class HoconValue
{
    public HoconValue()
        : this([])
    {
    }

    /// <param name="values">One element; none for null.</param>
    public HoconValue(List<IHoconElement> values)
    {
        Values = values;
    }

    public List<IHoconElement> Values { get; }

    /// <summary>Whether this is null.</summary>
    public bool IsEmpty => Values.Count == 0;

    private IHoconElement Element => Values.Count == 0 ? null : Values[0];

    public bool IsString() => Element is HoconLiteral;

    public bool IsArray() => Element is HoconArray;

    public bool IsObject() => Element is HoconObject;

    /// <summary>Null if this is no text.</summary>
    public string GetString() => Element?.GetString();

    /// <summary>Null if this is no array.</summary>
    public IList<HoconValue> GetArray() => Element?.GetArray();

    /// <summary>Null if this is no object.</summary>
    public HoconObject GetObject() => Element as HoconObject;

    public HoconValue GetChildObject(string key) => GetObject()?.GetKey(key);

    public bool GetBoolean() => HoconConvert.ToBoolean(null, GetString());

    public byte GetByte() => HoconConvert.ToByte(null, GetString());

    public int GetInt() => HoconConvert.ToInt(null, GetString());

    public long GetLong() => HoconConvert.ToLong(null, GetString());

    public float GetFloat() => HoconConvert.ToFloat(null, GetString());

    public double GetDouble() => HoconConvert.ToDouble(null, GetString());

    public decimal GetDecimal() => HoconConvert.ToDecimal(null, GetString());

    public long? GetByteSize() => HoconConvert.ToByteSize(null, GetString());

    public TimeSpan GetTimeSpan(bool allowInfinite = true) => HoconConvert.ToTimeSpan(null, GetString(), allowInfinite);

    public IList<string> GetStringList() => ToList(null, (_, text) => text);

    public IList<bool> GetBooleanList() => ToList(null, HoconConvert.ToBoolean);

    public IList<byte> GetByteList() => ToList(null, HoconConvert.ToByte);

    public IList<int> GetIntList() => ToList(null, HoconConvert.ToInt);

    public IList<long> GetLongList() => ToList(null, HoconConvert.ToLong);

    public IList<float> GetFloatList() => ToList(null, HoconConvert.ToFloat);

    public IList<double> GetDoubleList() => ToList(null, HoconConvert.ToDouble);

    public IList<decimal> GetDecimalList() => ToList(null, HoconConvert.ToDecimal);

    /// <summary>This value below a key of its own.</summary>
    public Config AtKey(string key)
    {
        var item = new HoconObject();
        item.Items[key] = this;
        return Of(item).ToConfig();
    }

    public Config ToConfig() => new(new HoconRoot(this));

    public override string ToString() => ToString(0);

    /// <param name="indent">How many steps of two spaces the line has on which this value begins.</param>
    public string ToString(int indent) => Element switch
    {
        null => "null",
        HoconObject { Items.Count: 0 } => "{}",
        HoconObject items => $"{{\n{items.ToString(indent + 1)}{new string(' ', indent * 2)}}}",
        HoconArray items => $"[{string.Join(", ", items.Select(item => item.ToString(indent)))}]",
        _ => Element.ToString(),
    };

    internal static HoconValue Of(IHoconElement element) => new([element]);

    internal static HoconValue Of(string text) => Of(new HoconLiteral { Value = text });

    /// <summary>Objects key by key; anything else hides what is below.</summary>
    internal static HoconValue Merge(HoconValue above, HoconValue below)
    {
        if (!above.IsObject() || !below.IsObject()) return above;
        var merged = new HoconObject();
        foreach (var (key, value) in below.GetObject().Items) merged.Items[key] = value;
        foreach (var (key, value) in above.GetObject().Items)
            merged.Items[key] = merged.Items.TryGetValue(key, out var hidden) ? Merge(value, hidden) : value;
        return Of(merged);
    }

    internal List<T> ToList<T>(string path, Func<string, string, T> convert)
    {
        if (Element is not HoconArray items) throw HoconConvert.Wrong(path, ToString(), "an array");
        return [.. items.Select((item, index) => convert(
            path is null ? null : $"{path}[{index}]",
            item.GetString() ?? throw HoconConvert.Wrong($"{path}[{index}]", item.ToString(), "a plain value")))];
    }
}
