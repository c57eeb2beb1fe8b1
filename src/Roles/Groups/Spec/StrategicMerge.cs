namespace ActorInference.Roles.Groups.Spec;

/// <summary>
/// Kubernetes' strategic merge of a patch into a template: mappings merge, null removes, and lists of named things merge by their key;
/// other lists are replaced. <c>$patch: replace</c> and <c>$patch: delete</c> are understood.
/// </summary>
internal static class StrategicMerge
{
    private const string Directive = "$patch";
    private const string ElementOrder = "$setElementOrder/";

    /// <summary>Which field tells the elements of a list apart, by the list's name.</summary>
    private static readonly Dictionary<string, string> MergeKeys = new(StringComparer.Ordinal)
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["ephemeralContainers"] = "name",
        ["volumes"] = "name",
        ["env"] = "name",
        ["imagePullSecrets"] = "name",
        ["ports"] = "containerPort",
        ["volumeMounts"] = "mountPath",
        ["volumeDevices"] = "devicePath",
        ["hostAliases"] = "ip",
        ["topologySpreadConstraints"] = "topologyKey",
    };

    public static SpecNode Merge(SpecNode target, SpecNode patch, SpecContext context)
    {
        if (target is not SpecMap map || patch is not SpecMap changes) return patch;
        switch ((changes.Find(Directive) as SpecScalar)?.Text)
        {
            case "replace": return changes.Without(Directive);
            case "delete": return SpecMap.At(map);
            case "merge" or null: break;
            default:
                context.Error(changes.Find(Directive)!, $"is {changes.Find(Directive)!.Described}; expected merge, replace or delete");
                break;
        }

        return MergeEntries(map, changes, context);
    }

    private static SpecMap MergeEntries(SpecMap map, SpecMap changes, SpecContext context)
    {
        foreach (var (key, value, line) in changes.Entries)
        {
            if (key == Directive || key.StartsWith(ElementOrder, StringComparison.Ordinal)) continue;
            if (key.StartsWith('$')) context.Errors.Add(new SpecError(value.Path, $"the directive {key} is not understood", line));
            else if (value.IsNull) map = map.Without(key);
            else if (map.Find(key) is not { } old) map = map.With(key, Cleaned(value));
            else map = map.With(key, MergeField(key, old, value, context));
        }

        return map;
    }

    private static SpecNode MergeField(string name, SpecNode old, SpecNode change, SpecContext context)
    {
        if (old is SpecList list && change is SpecList changes && MergeKeys.TryGetValue(name, out var key)) return MergeList(list, changes, key, context);
        return Merge(old, change, context);
    }

    private static SpecList MergeList(SpecList list, SpecList changes, string key, SpecContext context)
    {
        if (changes.Items.Any(item => DirectiveOf(item) == "replace" && KeyOf(item, key) is null))
            return changes with { Items = [.. changes.Items.Where(item => DirectiveOf(item) is null)] };

        var items = list.Items.ToList();
        foreach (var change in changes.Items)
        {
            var name = KeyOf(change, key);
            var index = name is null ? -1 : items.FindIndex(item => KeyOf(item, key) == name);
            if (DirectiveOf(change) == "delete")
            {
                if (index >= 0) items.RemoveAt(index);
            }
            else if (index >= 0) items[index] = Merge(items[index], change, context);
            else items.Add(Cleaned(change));
        }

        return list with { Items = items };
    }

    /// <summary>Without what only a merge means: nulls and directives.</summary>
    private static SpecNode Cleaned(SpecNode node) => node switch
    {
        SpecMap map => map with
        {
            Entries = [.. map.Entries.Where(entry => !entry.Value.IsNull && entry.Key != Directive).Select(entry => entry with { Value = Cleaned(entry.Value) })],
        },
        SpecList list => list with { Items = [.. list.Items.Select(Cleaned)] },
        _ => node,
    };

    private static string? KeyOf(SpecNode item, string key) => ((item as SpecMap)?.Find(key) as SpecScalar)?.Text;

    private static string? DirectiveOf(SpecNode item) => KeyOf(item, Directive);
}
