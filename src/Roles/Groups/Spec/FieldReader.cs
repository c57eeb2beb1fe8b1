using System.Collections.Immutable;
using System.Globalization;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads the fields of one mapping. What is wrong goes to the context and a harmless value is returned; <see cref="Finish"/> tells of fields nobody asked for.</summary>
internal sealed class FieldReader(SpecContext context, SpecMap map)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public SpecMap Node => map;

    public SpecContext Context => context;

    /// <summary>A field, or null if it is absent or null.</summary>
    public SpecNode? Find(string name)
    {
        _known.Add(name);
        return map.Find(name) is { IsNull: false } node ? node : null;
    }

    public bool Has(string name) => Find(name) is not null;

    public string? Text(string name)
    {
        if (Find(name) is not { } node) return null;
        if (node is SpecScalar scalar) return scalar.Text;
        context.Error(node, $"is {node.Described}; expected a text");
        return null;
    }

    public string RequiredText(string name)
    {
        if (Text(name) is { Length: > 0 } text) return text;
        if (Find(name) is null or SpecScalar) context.Error(map, $"needs the field {name}");
        return "";
    }

    /// <summary>A name that must be a DNS label.</summary>
    public string Label(string name)
    {
        var text = RequiredText(name);
        if (text.Length > 0) context.CheckLabel(Find(name)!, text);
        return text;
    }

    public int? Integer(string name, int min, int max = int.MaxValue)
    {
        if (Find(name) is not { } node) return null;
        if (node is SpecScalar { Quoted: false } scalar && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max) return value;
        context.Error(node, $"is {node.Described}; expected a whole number " + (max == int.MaxValue ? $"of at least {min}" : $"from {min} to {max}"));
        return null;
    }

    public double? Number(string name, double min, double max)
    {
        if (Find(name) is not { } node) return null;
        if (node is SpecScalar scalar && double.TryParse(scalar.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max) return value;
        context.Error(node, FormattableString.Invariant($"is {node.Described}; expected a number from {min} to {max}"));
        return null;
    }

    public TimeSpan Seconds(string name, TimeSpan usual, int min = 0) => OptionalSeconds(name, min) ?? usual;

    public TimeSpan? OptionalSeconds(string name, int min = 0) => Integer(name, min) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    public bool Flag(string name)
    {
        if (Find(name) is not { } node) return false;
        if (node is SpecScalar { Quoted: false, Text: "true" or "True" or "TRUE" }) return true;
        if (node is not SpecScalar { Quoted: false, Text: "false" or "False" or "FALSE" }) context.Error(node, $"is {node.Described}; expected true or false");
        return false;
    }

    public T Choice<T>(string name, T usual)
        where T : struct, Enum => OptionalChoice<T>(name) ?? usual;

    /// <summary>One of an enumeration's names, as they are.</summary>
    public T? OptionalChoice<T>(string name)
        where T : struct, Enum
    {
        if (Find(name) is not { } node) return null;
        var names = Enum.GetNames<T>();
        if (node is SpecScalar scalar && names.Contains(scalar.Text, StringComparer.Ordinal)) return Enum.Parse<T>(scalar.Text);
        var suggestion = node is SpecScalar text ? SpecContext.Suggestion(text.Text, names) : "";
        context.Error(node, $"is {node.Described}; expected one of {string.Join(", ", names)}{suggestion}");
        return null;
    }

    /// <summary>A number of replicas or a percentage.</summary>
    /// <param name="fractions">Whether a percentage may have decimals.</param>
    /// <param name="maxPercent">Greatest percentage.</param>
    public IntOrPercent? Amount(string name, bool fractions = false, int maxPercent = 100)
    {
        if (Find(name) is not { } node) return null;
        if (node is SpecScalar scalar)
        {
            var styles = fractions ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
            if (scalar.Text.EndsWith('%') && double.TryParse(scalar.Text[..^1], styles, CultureInfo.InvariantCulture, out var percent) && percent <= maxPercent)
                return IntOrPercent.Percent(percent);
            if (int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return IntOrPercent.Replicas(count);
        }

        context.Error(node, $"is {node.Described}; expected a number of replicas such as 1, or a percentage from 0% to {maxPercent}%");
        return null;
    }

    public FieldReader? Map(string name)
    {
        if (Find(name) is not { } node) return null;
        if (node is SpecMap found) return new FieldReader(context, found);
        context.Error(node, $"is {node.Described}; expected a mapping");
        return null;
    }

    public IEnumerable<SpecNode> Items(string name)
    {
        if (Find(name) is not { } node) return [];
        if (node is SpecList list) return list.Items;
        context.Error(node, $"is {node.Described}; expected a list");
        return [];
    }

    public IEnumerable<FieldReader> Maps(string name)
    {
        foreach (var item in Items(name))
        {
            if (item is SpecMap found) yield return new FieldReader(context, found);
            else context.Error(item, $"is {item.Described}; expected a mapping");
        }
    }

    public ImmutableArray<string> Texts(string name)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        foreach (var item in Items(name))
        {
            if (item is SpecScalar scalar && !item.IsNull) texts.Add(scalar.Text);
            else context.Error(item, $"is {item.Described}; expected a text");
        }

        return texts.ToImmutable();
    }

    public ImmutableSortedDictionary<string, string> TextMap(string name)
    {
        if (Map(name) is not { } fields) return TextMaps.Empty;
        var texts = TextMaps.Empty.ToBuilder();
        foreach (var (key, value, _) in fields.Node.Entries)
        {
            if (value is SpecScalar scalar) texts[key] = value.IsNull ? "" : scalar.Text;
            else context.Error(value, $"is {value.Described}; expected a text");
        }

        return texts.ToImmutable();
    }

    /// <summary>Fields that Kubernetes knows and that mean nothing for a process: a warning each.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is { } node) context.Warn(node, "has no meaning for processes and is left out");
        }
    }

    /// <summary>Every field that was not asked for is an error.</summary>
    public void Finish()
    {
        foreach (var (key, value, line) in map.Entries)
        {
            if (!_known.Contains(key)) context.Errors.Add(new SpecError(value.Path, $"no such field{SpecContext.Suggestion(key, _known)}", line));
        }
    }
}
