using ActorInference.Host.Cli;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Configuration;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>A HOCON file of the user's, which goes above the defaults of the node's roles; checked.</summary>
/// <param name="Path">Absolute; null if there is no file.</param>
/// <param name="Config">What is in it.</param>
/// <param name="Settings">What it makes of the defaults.</param>
public sealed record NodeConfig(string? Path, Config Config, InferenceSettings Settings)
{
    /// <summary>Settings that were given one by one, <c>path=value</c>; they go above the file's.</summary>
    public IReadOnlyList<string> Given { get; init; } = [];

    /// <summary>Whether it says where entities are persisted.</summary>
    public bool ChoosesPersistence => Config.HasPath($"{PersistenceSettings.Section}.provider");

    /// <summary>Reads and checks it, so that a wrong value is told before anything starts.</summary>
    /// <param name="path">Null for none.</param>
    /// <param name="roles">Of the node.</param>
    /// <param name="given">Settings that go above the file's, <c>path=value</c>; a later one above an earlier one.</param>
    /// <exception cref="UserErrorException">It cannot be read, is no HOCON, or has a setting that is unknown or wrong.</exception>
    public static NodeConfig Read(string? path, IEnumerable<NodeRole> roles, IReadOnlyList<string>? given = null)
    {
        var defaults = InferenceSettings.DefaultsOf(roles);
        try
        {
            var config = path is null ? Config.Empty : ConfigurationFactory.ParseString(Text(path));
            if (given is { Count: > 0 }) config = ConfigurationFactory.ParseString(string.Join('\n', given.Select(Line))).WithFallback(config);
            var settings = InferenceSettings.Read(config.IsEmpty ? defaults : config.WithFallback(defaults));
            return new NodeConfig(path is null ? null : System.IO.Path.GetFullPath(path), config, settings) { Given = given ?? [] };
        }
        catch (Exception cause) when (cause is ConfigurationException or FormatException)
        {
            throw new UserErrorException($"{path ?? "--set"}: {cause.Message}", cause);
        }
    }

    /// <summary>Whether a text is <c>path=value</c>.</summary>
    public static bool IsSetting(string text) => text.IndexOf('=') > 0;

    /// <summary>The value as a text, which reads as whatever its setting is: a path has characters that HOCON would want quoted.</summary>
    private static string Line(string given)
    {
        var (name, value) = (given[..given.IndexOf('=')].Trim(), given[(given.IndexOf('=') + 1)..].Trim());
        return $"{name} = {(value.StartsWith('[') || value.StartsWith('{') ? value : value.ToHocon())}";
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--config is '{path}'; expected a file that can be read: {cause.Message}", cause);
        }
    }
}
