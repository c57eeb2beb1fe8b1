namespace Akka.Configuration;

/// <summary>Operations that also take a configuration that is not there.</summary>
public static class ConfigExtensions
{
    public static Config SafeWithFallback(this Config config, Config fallback)
    {
        if (config.IsNullOrEmpty()) return fallback;
        return fallback.IsNullOrEmpty() || ReferenceEquals(config, fallback) ? config : config.WithFallback(fallback);
    }

    public static bool IsNullOrEmpty(this Config config) => config is null || config.IsEmpty;
}
