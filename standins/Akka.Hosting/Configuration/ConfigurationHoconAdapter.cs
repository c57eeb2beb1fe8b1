using System.Text;
using Akka.Configuration;
using Microsoft.Extensions.Configuration;

namespace Akka.Hosting.Configuration;

/// <summary>Turns the host's configuration into HOCON.</summary>
public static class ConfigurationHoconAdapter
{
    /// <summary>
    /// Sections become objects; sections with the keys 0, 1 and so on become arrays. Underscores in keys become hyphens,
    /// since the names of environment variables can have none. Of a section, its own name is the first key.
    /// </summary>
    /// <param name="normalizeKeys">Whether keys become lower-case.</param>
    public static Config ToHocon(this IConfiguration config, bool normalizeKeys = true)
    {
        var hocon = new StringBuilder();
        if (config is IConfigurationSection section) AppendField(hocon, section, normalizeKeys);
        else AppendFields(hocon, config, normalizeKeys);
        return ConfigurationFactory.ParseString(hocon.ToString());
    }

    private static void AppendFields(StringBuilder hocon, IConfiguration config, bool normalizeKeys)
    {
        foreach (var child in config.GetChildren()) AppendField(hocon, child, normalizeKeys);
    }

    private static void AppendField(StringBuilder hocon, IConfigurationSection section, bool normalizeKeys)
    {
        hocon.Append(Key(section.Key, normalizeKeys)).Append(" = ");
        AppendValue(hocon, section, normalizeKeys);
        hocon.Append('\n');
    }

    private static void AppendValue(StringBuilder hocon, IConfigurationSection section, bool normalizeKeys)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            hocon.Append(section.Value is null ? "null" : section.Value.ToHocon());
        }
        else if (children.All(child => int.TryParse(child.Key, out _)))
        {
            hocon.Append('[');
            foreach (var child in children.OrderBy(child => int.Parse(child.Key)))
            {
                AppendValue(hocon, child, normalizeKeys);
                hocon.Append('\n');
            }

            hocon.Append(']');
        }
        else
        {
            hocon.Append("{\n");
            AppendFields(hocon, section, normalizeKeys);
            hocon.Append('}');
        }
    }

    private static string Key(string key, bool normalize)
    {
        var name = key.Replace('_', '-');
        if (normalize) name = name.ToLowerInvariant();
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.') ? name : name.ToHocon();   // A dot stays one of the path.
    }
}
