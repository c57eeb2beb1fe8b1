using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorInference.Roles.Groups.Spec;
using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>Whether an instance goes from one spec of its role to another on its place, with its name, address, ports and paths.</summary>
/// <param name="Changed">Fields that differ.</param>
/// <param name="Blocking">Those of them that need the instance made anew.</param>
public sealed partial record InPlaceDecision(ImmutableArray<string> Changed, ImmutableArray<string> Blocking)
{
    public bool Possible => Blocking.IsEmpty;

    /// <summary>Ours: image, command, arguments, environment and resources, besides labels and annotations. RBG's: image, labels and annotations.</summary>
    public static InPlaceDecision Between(RoleSpec from, RoleSpec to, PlannerMode mode)
    {
        var changed = ImmutableArray.CreateBuilder<string>();
        Compare("", SpecWriter.InstanceTree(from), SpecWriter.InstanceTree(to), changed);
        var fields = mode == PlannerMode.Native ? NativeFields() : StrictFields();
        return new InPlaceDecision(changed.ToImmutable(), [.. changed.Where(path => !fields.IsMatch(path))]);
    }

    private static void Compare(string path, YamlNode? from, YamlNode? to, ImmutableArray<string>.Builder changed)
    {
        if (from is YamlMappingNode left && to is YamlMappingNode right)
        {
            foreach (var key in left.Children.Keys.Concat(right.Children.Keys).Distinct())
                Compare(path.Length == 0 ? $"{key}" : $"{path}.{key}", left.Children.TryGetValue(key, out var old) ? old : null, right.Children.TryGetValue(key, out var value) ? value : null, changed);
        }
        else if (from is YamlSequenceNode before && to is YamlSequenceNode after && before.Children.Count == after.Children.Count)
        {
            for (var i = 0; i < before.Children.Count; i++) Compare($"{path}[{i}]", before[i], after[i], changed);
        }
        else if (from is null || to is null || !from.Equals(to))
        {
            changed.Add(path);
        }
    }

    [GeneratedRegex(@"(^restartedAt$|^restartPolicy\b|restartPolicyConfig\b|\.metadata\b|\.containers\[\d+\]\.(image|command|args|env|resources)\b)", RegexOptions.CultureInvariant)]
    private static partial Regex NativeFields();

    [GeneratedRegex(@"(^restartPolicy\b|restartPolicyConfig\b|\.metadata\b|\.containers\[\d+\]\.image$)", RegexOptions.CultureInvariant)]
    private static partial Regex StrictFields();
}
