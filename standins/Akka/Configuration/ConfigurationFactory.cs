using System.Reflection;
using System.Text.Json;
using Akka.Configuration.Hocon;

namespace Akka.Configuration;

/// <summary>Makes configurations from text, resources and objects.</summary>
public class ConfigurationFactory
{
    public static Config Empty => Config.Empty;

    /// <exception cref="ConfigurationException">The text is no HOCON; the message says where and what was expected.</exception>
    public static Config ParseString(string hocon) => ParseString(hocon, null);

    /// <param name="includeCallback">Given the name in an <c>include "name"</c>, returns the parsed file.</param>
    /// <exception cref="ConfigurationException">The text is no HOCON; the message says where and what was expected.</exception>
    public static Config ParseString(string hocon, Func<string, HoconRoot> includeCallback) => new(Parser.Parse(hocon, includeCallback));

    /// <summary>The configuration of the executable; empty, since there is no app.config section on this runtime.</summary>
    public static Config Load() => Config.Empty;

    /// <summary>The engine's own defaults.</summary>
    public static Config Default() => FromResource("Akka.Configuration.akka.conf", typeof(ConfigurationFactory).Assembly);

    public static Config FromResource<TAssembly>(string resourceName) => FromResource(resourceName, typeof(TAssembly).Assembly);

    public static Config FromResource(string resourceName, object instanceInAssembly) => instanceInAssembly switch
    {
        Type type => FromResource(resourceName, type.Assembly),
        Assembly assembly => FromResource(resourceName, assembly),
        _ => FromResource(resourceName, instanceInAssembly.GetType().Assembly),
    };

    public static Config FromResource(string resourceName, Assembly assembly)
    {
        using var stream = assembly.GetManifestResourceStream(resourceName)
            ?? throw new ConfigurationException($"Assembly {assembly.GetName().Name} has no resource '{resourceName}'.");
        using var reader = new StreamReader(stream);
        return ParseString(reader.ReadToEnd());
    }

    /// <summary>The public properties of an object, as JSON has them.</summary>
    public static Config FromObject(object source) => ParseString(JsonSerializer.Serialize(source));
}
