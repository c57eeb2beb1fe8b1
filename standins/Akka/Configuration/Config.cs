using Akka.Configuration.Hocon;

namespace Akka.Configuration;

/// <summary>An immutable tree of settings, over another one that answers where this is silent.</summary>
public class Config
{
    public static readonly Config Empty = new();

    private readonly HoconValue _own;

    public Config()
        : this(new HoconRoot(HoconValue.Of(new HoconObject())))
    {
    }

    public Config(HoconRoot root)
        : this(root.Value, null)
    {
    }

    public Config(Config source, Config fallback)
        : this(source._own, fallback)
    {
    }

    private Config(HoconValue own, Config fallback)
    {
        _own = own;
        Fallback = fallback;
        Root = fallback is null ? own : HoconValue.Merge(own, fallback.Root);
    }

    /// <summary>What stands below this configuration; null if nothing does.</summary>
    public Config Fallback { get; }

    /// <summary>All settings, those of the fallbacks included.</summary>
    public HoconValue Root { get; }

    public bool IsEmpty => Root.IsEmpty || (Root.IsObject() && Root.GetObject().Items.Count == 0);

    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    public static Config operator +(Config config, string fallback) => config.WithFallback(ConfigurationFactory.ParseString(fallback));

    public static Config operator +(string configHocon, Config fallbackConfig) =>
        ConfigurationFactory.ParseString(configHocon).WithFallback(fallbackConfig);

    /// <summary>This configuration above <paramref name="fallback"/>; neither of the two changes.</summary>
    public Config WithFallback(Config fallback)
    {
        if (ReferenceEquals(fallback, this)) throw new ArgumentException("A configuration cannot be its own fallback.", nameof(fallback));
        if (fallback.IsNullOrEmpty()) return this;
        if (IsEmpty) return fallback;
        return new Config(_own, Fallback is null ? fallback : Fallback.WithFallback(fallback));
    }

    /// <param name="path">Keys with a dot between; a key with dots of its own in quotes.</param>
    public bool HasPath(string path) => GetValue(path) is not null;

    /// <summary>Null if the path is not set.</summary>
    public HoconValue GetValue(string path)
    {
        var value = Root;
        foreach (var key in HoconPath.Parse(path))
        {
            if (!value.IsObject() || !value.GetObject().Items.TryGetValue(key, out value)) return null;
        }

        return value;
    }

    /// <summary>The object at the path as a configuration; null if the path is not set.</summary>
    public Config GetConfig(string path)
    {
        var value = GetValue(path);
        if (value is null || value.IsEmpty) return null;
        return value.IsObject() ? value.ToConfig() : throw HoconConvert.Wrong(path, value.ToString(), "an object");
    }

    public string GetString(string path, string @default = null) => Get(path, @default, (_, text) => text);

    public bool GetBoolean(string path, bool @default = false) => Get(path, @default, HoconConvert.ToBoolean);

    public int GetInt(string path, int @default = 0) => Get(path, @default, HoconConvert.ToInt);

    public long GetLong(string path, long @default = 0) => Get(path, @default, HoconConvert.ToLong);

    public float GetFloat(string path, float @default = 0) => Get(path, @default, HoconConvert.ToFloat);

    public double GetDouble(string path, double @default = 0) => Get(path, @default, HoconConvert.ToDouble);

    public decimal GetDecimal(string path, decimal @default = 0) => Get(path, @default, HoconConvert.ToDecimal);

    /// <summary>A size in bytes, such as <c>128000b</c> or <c>4 MiB</c>; null if the path is not set.</summary>
    public long? GetByteSize(string path) => GetByteSize(path, null);

    public long? GetByteSize(string path, long? def = null) => Get(path, def, HoconConvert.ToByteSize);

    /// <summary>A duration, such as <c>5s</c>; a plain number counts milliseconds. Zero if the path is not set and there is no default.</summary>
    /// <param name="allowInfinite">Whether <c>infinite</c> may be said; it reads as <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    public TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) =>
        Get(path, @default ?? TimeSpan.Zero, (at, text) => HoconConvert.ToTimeSpan(at, text, allowInfinite));

    public IList<string> GetStringList(string path) => GetList(path, (_, text) => text);

    public IList<string> GetStringList(string path, string[] defaultPaths) => HasPath(path) ? GetStringList(path) : defaultPaths;

    public IList<bool> GetBooleanList(string path) => GetList(path, HoconConvert.ToBoolean);

    public IList<byte> GetByteList(string path) => GetList(path, HoconConvert.ToByte);

    public IList<int> GetIntList(string path) => GetList(path, HoconConvert.ToInt);

    public IList<long> GetLongList(string path) => GetList(path, HoconConvert.ToLong);

    public IList<float> GetFloatList(string path) => GetList(path, HoconConvert.ToFloat);

    public IList<double> GetDoubleList(string path) => GetList(path, HoconConvert.ToDouble);

    public IList<decimal> GetDecimalList(string path) => GetList(path, HoconConvert.ToDecimal);

    /// <summary>The settings of the top level, those of the fallbacks included.</summary>
    public IEnumerable<KeyValuePair<string, HoconValue>> AsEnumerable() => Root.IsObject() ? Root.GetObject().Items : [];

    /// <summary>As HOCON, without the fallbacks.</summary>
    public override string ToString() => ToString(includeFallback: false);

    public string ToString(bool includeFallback)
    {
        var value = includeFallback ? Root : _own;
        return value.IsObject() ? value.GetObject().ToString(0) : value.ToString();
    }

    private T Get<T>(string path, T @default, Func<string, string, T> convert) =>
        GetValue(path)?.GetString() is { } text ? convert(path, text) : @default;

    private List<T> GetList<T>(string path, Func<string, string, T> convert)
    {
        var value = GetValue(path);
        return value is null || value.IsEmpty ? [] : value.ToList(path, convert);
    }
}
