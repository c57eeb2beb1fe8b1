using System.Globalization;
using System.Text;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>One instance as the discovery file names it.</summary>
/// <param name="Address">Where it is reached; empty if it has no place yet.</param>
/// <param name="Ports">Names and numbers.</param>
public sealed record DiscoveredInstance(string Role, int Ordinal, string Address, IReadOnlyList<KeyValuePair<string, int>> Ports);

/// <summary>
/// The discovery file that every instance of a group finds (RBG's /etc/rbg/config.yaml), with addresses and ports that can be
/// connected to: each process's own.
/// </summary>
public static class DiscoveryFile
{
    public static string Write(RoleBasedGroup group, IEnumerable<DiscoveredInstance> instances)
    {
        var text = new StringBuilder();
        text.Append("group:\n").Append("  name: ").Append(group.Name).Append('\n').Append("  roles:\n");
        foreach (var role in group.Roles) text.Append("  - ").Append(role.Name).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"  size: {group.Roles.Length}\n");
        text.Append("roles:\n");
        var byRole = instances.ToLookup(instance => instance.Role);
        foreach (var role in group.Roles.OrderBy(role => role.Name, StringComparer.Ordinal)) Append(text, role, [.. byRole[role.Name].OrderBy(instance => instance.Ordinal)]);
        return text.ToString();
    }

    private static void Append(StringBuilder text, RoleSpec role, IReadOnlyList<DiscoveredInstance> instances)
    {
        text.Append("  ").Append(role.Name).Append(":\n");
        text.Append(instances.Count == 0 ? "    instances: []\n" : "    instances:\n");
        foreach (var instance in instances)
        {
            text.Append("    - address: ").Append(instance.Address.Length > 0 ? instance.Address : "\"\"").Append('\n');
            text.Append(instance.Ports.Count == 0 ? "      ports: {}\n" : "      ports:\n");
            foreach (var (name, port) in instance.Ports.OrderBy(port => port.Key, StringComparer.Ordinal))
                text.Append(CultureInfo.InvariantCulture, $"        {name.ToLowerInvariant().Replace('-', '_')}: {port}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"    size: {role.Replicas}\n");
    }
}
