using System.Globalization;
using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>Reads one section of our own configuration. What is wrong is told with its path, its value and what was expected.</summary>
internal sealed class ConfigSection
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];

    private readonly Config _config;
    private readonly string _path;
    private readonly HashSet<string> _known;

    public ConfigSection(Config root, string path)
        : this(root.GetConfig(path) ?? throw new ConfigurationException($"{path} is missing; expected a section."), path, [])
    {
    }

    private ConfigSection(Config config, string path, HashSet<string> known) => (_config, _path, _known) = (config, path, known);

    public ConfigSection Section(string key) => Section(key, Config.Empty);

    /// <summary>A section whose keys are optional, since another one has them all.</summary>
    public ConfigSection Section(string key, ConfigSection defaults) => Section(key, defaults._config);

    private ConfigSection Section(string key, Config defaults)
    {
        _known.Add(key);
        var section = (_config.HasPath(key) ? _config.GetConfig(key) : null) ?? Config.Empty;
        return new ConfigSection(section.WithFallback(defaults), $"{_path}.{key}", []);
    }

    public int Integer(string key, int min)
    {
        var text = Text(key);
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min
            ? value
            : throw Wrong(key, text, $"a whole number of at least {min}");
    }

    /// <summary>A number of bytes such as 512B, 64KiB, 256MiB or 2GiB.</summary>
    public long Bytes(string key, long min)
    {
        var text = Text(key);
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        var power = Array.IndexOf(ByteUnits, text[digits..].Trim());
        if (power < 0 || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue >> (10 * power) || number << (10 * power) < min)
            throw Wrong(key, text, $"a size of at least {min} B, such as 512B, 64KiB, 256MiB or 2GiB");
        return number << (10 * power);
    }

    /// <summary>A part of a whole, at least 0 and below 1.</summary>
    public double Share(string key)
    {
        var text = Text(key);
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is >= 0 and < 1
            ? value
            : throw Wrong(key, text, "a number of at least 0 and below 1");
    }

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public double Number(string key, double min, double max)
    {
        var text = Text(key);
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Wrong(key, text, $"a number from {min.ToString(CultureInfo.InvariantCulture)} to {max.ToString(CultureInfo.InvariantCulture)}");
    }

    public string OneOf(string key, IReadOnlyList<string> names)
    {
        var text = Text(key);
        return names.Contains(text) ? text : throw Wrong(key, text, $"one of {string.Join(", ", names)}");
    }

    /// <summary>A duration such as 250ms, 15s or 2m.</summary>
    public TimeSpan Duration(string key, bool allowZero = false)
    {
        var text = Text(key);
        try
        {
            var value = _config.GetTimeSpan(key, allowInfinite: false);
            if (value > TimeSpan.Zero || (allowZero && value == TimeSpan.Zero)) return value;
        }
        catch (Exception unreadable) when (unreadable is FormatException or ConfigurationException or OverflowException)
        {
            throw Wrong(key, text, "a duration such as 250ms, 15s or 2m", unreadable);
        }

        throw Wrong(key, text, allowZero ? "a duration of at least 0" : "a duration above 0");
    }

    /// <exception cref="ConfigurationException">There is a key that was not read: a misspelt one would otherwise do nothing.</exception>
    public void CheckNoOthers(params string[] ignored)
    {
        foreach (var (key, _) in _config.AsEnumerable())
        {
            if (_known.Contains(key) || ignored.Contains(key)) continue;
            throw new ConfigurationException($"{_path}.{key} is not known; expected one of {string.Join(", ", _known.Concat(ignored).Order(StringComparer.Ordinal))}.");
        }
    }

    /// <summary>Any text.</summary>
    public string Text(string key)
    {
        _known.Add(key);
        return _config.HasPath(key) ? _config.GetString(key) : throw new ConfigurationException($"{_path}.{key} is missing.");
    }

    private ConfigurationException Wrong(string key, string text, string expected, Exception? cause = null) =>
        new($"{_path}.{key} is '{text}'; expected {expected}.", cause);
}
