using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>
/// Replaces the substitutions of one document by what their paths hold when all of it has been read, or by an environment
/// variable of that name. One that leads to itself sees the value that its key had before.
/// </summary>
internal sealed class HoconResolver(ObjectNode root)
{
    public HoconValue Resolve() => Evaluate(root);

    /// <summary>Null if all that was written are optional substitutions that came to nothing.</summary>
    private HoconValue Resolve(HoconField field)
    {
        if (field.IsResolved) return field.Resolved;
        HoconValue result = null;
        for (var i = (field.Active ?? field.Values.Count) - 1; i >= 0; i--)
        {
            var value = Evaluate(field, i);
            if (value is null) continue;
            result = result is null ? value : HoconValue.Merge(result, value);
            if (!value.IsObject()) break;
        }

        if (field.Active is null) (field.Resolved, field.IsResolved) = (result, true);
        return result;
    }

    private HoconValue Evaluate(HoconField field, int index)
    {
        var outer = field.Active;
        field.Active = index;
        try
        {
            return Evaluate(field.Values[index]);
        }
        finally
        {
            field.Active = outer;
        }
    }

    private HoconValue Evaluate(HoconNode node) => node switch
    {
        TextNode text => HoconValue.Of(text.Text),
        NullNode => new HoconValue(),
        ResolvedNode resolved => resolved.Value,
        SubstitutionNode substitution => Substitute(substitution),
        ConcatenationNode concatenation => Concatenate(concatenation),
        ArrayNode array => Evaluate(array),
        _ => Evaluate((ObjectNode)node),
    };

    private HoconValue Evaluate(ArrayNode array)
    {
        var items = new HoconArray();
        items.AddRange(array.Items.Select(Resolve).Where(item => item is not null));
        return HoconValue.Of(items);
    }

    private HoconValue Evaluate(ObjectNode node)
    {
        var items = new HoconObject();
        foreach (var (key, field) in node.Fields)
        {
            if (Resolve(field) is { } value) items.Items[key] = value;
        }

        return HoconValue.Of(items);
    }

    private HoconValue Substitute(SubstitutionNode substitution)
    {
        if (Find(root, substitution.Path) is { } value) return value;
        var name = string.Join('.', substitution.Path);
        if (Environment.GetEnvironmentVariable(name) is { } variable) return HoconValue.Of(variable);
        if (substitution.IsOptional) return null;
        throw substitution.At.Error(
            $"${{{name}}} stands for nothing: neither a key of this document that does not depend on it, nor an environment variable. "
            + $"If it may be absent, write ${{?{name}}}");
    }

    private HoconValue Find(ObjectNode node, ReadOnlySpan<string> path)
    {
        if (!node.Fields.TryGetValue(path[0], out var field)) return null;
        if (path.Length == 1) return Resolve(field);
        HoconValue result = null;
        for (var i = field.Values.Count - 1; i >= 0; i--)
        {
            HoconValue value;
            if (field.Values[i] is ObjectNode inner)
            {
                value = Find(inner, path[1..]);
            }
            else
            {
                if (field.Active <= i) continue;   // It is what is being resolved; it cannot be asked.
                var whole = Evaluate(field, i);
                if (whole is not null && !whole.IsObject()) break;
                value = Descend(whole, path[1..]);
            }

            if (value is null) continue;
            result = result is null ? value : HoconValue.Merge(result, value);
            if (!value.IsObject()) break;
        }

        return result;
    }

    private static HoconValue Descend(HoconValue value, ReadOnlySpan<string> path)
    {
        foreach (var key in path) value = value?.GetChildObject(key);
        return value;
    }

    private HoconValue Concatenate(ConcatenationNode concatenation)
    {
        var values = concatenation.Pieces.Select(Evaluate).Where(value => value is not null).ToList();
        var solid = values.Where(value => !string.IsNullOrWhiteSpace(value.GetString() ?? "x")).ToList();
        if (solid.Count > 0 && solid.All(value => value.IsArray()))
        {
            var items = new HoconArray();
            foreach (var value in solid) items.AddRange(value.GetArray());
            return HoconValue.Of(items);
        }

        if (solid.Count > 0 && solid.All(value => value.IsObject())) return solid.Aggregate((below, above) => HoconValue.Merge(above, below));
        if (solid.Any(value => value.IsArray() || value.IsObject()))
            throw concatenation.At.Error("what stands side by side must be all text, all arrays or all objects");
        return HoconValue.Of(values.Aggregate(new StringBuilder(), (text, value) => text.Append(value.GetString())).ToString());
    }
}
