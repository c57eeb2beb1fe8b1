using System.Collections.Immutable;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Collects the fields of one YAML mapping, leaving out what is absent or at its default.</summary>
internal sealed class YamlFields
{
    private readonly YamlMappingNode _node = [];

    public YamlMappingNode Build() => _node;

    public YamlFields Add(string name, YamlNode? value)
    {
        if (value is not null) _node.Add(new YamlScalarNode(name), value);
        return this;
    }

    /// <summary>A mapping, unless it is empty.</summary>
    public YamlFields AddIfAny(string name, YamlMappingNode value) => value.Children.Count == 0 ? this : Add(name, value);

    /// <summary>A text. Always quoted where a reader could take it for a number.</summary>
    public YamlFields Text(string name, string? value) => value is null ? this : Add(name, TextNode(value));

    public YamlFields Number(string name, long value, long? except = null) =>
        value == except ? this : Add(name, new YamlScalarNode(value.ToString(CultureInfo.InvariantCulture)));

    public YamlFields Real(string name, double? value, double? except = null) =>
        value is null || value == except ? this : Add(name, new YamlScalarNode(value.Value.ToString("R", CultureInfo.InvariantCulture)));

    public YamlFields Seconds(string name, TimeSpan value, TimeSpan? except = null) => value == except ? this : Number(name, (long)value.TotalSeconds);

    public YamlFields Flag(string name, bool value) => value ? Add(name, new YamlScalarNode("true")) : this;

    public YamlFields Amount(string name, IntOrPercent? value, IntOrPercent? except = null) =>
        value is null || value == except ? this : value.Value.IsPercent ? Text(name, value.ToString()) : Add(name, new YamlScalarNode(value.ToString()));

    public YamlFields Map(string name, IEnumerable<KeyValuePair<string, string>> values)
    {
        var map = new YamlMappingNode();
        foreach (var (key, value) in values) map.Add(TextNode(key), TextNode(value));
        return AddIfAny(name, map);
    }

    public YamlFields Texts(string name, ImmutableArray<string> values) => List(name, values, TextNode);

    public YamlFields List<T>(string name, IEnumerable<T> values, Func<T, YamlNode> write)
    {
        var items = values.Select(write).ToList();
        return items.Count == 0 ? this : Add(name, new YamlSequenceNode(items));
    }

    private static YamlNode TextNode(string value) => new YamlScalarNode(value) { Style = NeedsQuotes(value) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any };

    /// <summary>Whether a plain scalar could be read as something that is not this text.</summary>
    private static bool NeedsQuotes(string value) =>
        value.Length == 0 || !char.IsAsciiLetter(value[0]) || value.Any(c => char.IsControl(c) || c is ':' or '#' or '\u0085' or '\u2028' or '\u2029') || value[^1] == ' '
        || value.ToLowerInvariant() is "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n" or "null" or "nan" or "inf";
}
