using ActorInference.Host.Cli;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Configuration;

namespace ActorInference.Host.Composition;

/// <summary>A HOCON file of the user's, which goes above the defaults of the node's roles; checked.</summary>
/// <param name="Path">Absolute; null if there is no file.</param>
/// <param name="Config">What is in it.</param>
/// <param name="Settings">What it makes of the defaults.</param>
public sealed record NodeConfig(string? Path, Config Config, InferenceSettings Settings)
{
    /// <summary>Whether it says where entities are persisted.</summary>
    public bool ChoosesPersistence => Config.HasPath($"{PersistenceSettings.Section}.provider");

    /// <summary>Reads and checks it, so that a wrong value is told before anything starts.</summary>
    /// <param name="path">Null for none.</param>
    /// <param name="roles">Of the node.</param>
    /// <exception cref="UserErrorException">It cannot be read, is no HOCON, or has a setting that is unknown or wrong.</exception>
    public static NodeConfig Read(string? path, IEnumerable<NodeRole> roles)
    {
        var defaults = InferenceSettings.DefaultsOf(roles);
        if (path is null) return new NodeConfig(null, Config.Empty, InferenceSettings.Read(defaults));
        try
        {
            var config = ConfigurationFactory.ParseString(Text(path));
            return new NodeConfig(System.IO.Path.GetFullPath(path), config, InferenceSettings.Read(config.WithFallback(defaults)));
        }
        catch (Exception cause) when (cause is ConfigurationException or FormatException)
        {
            throw new UserErrorException($"{path}: {cause.Message}", cause);
        }
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
