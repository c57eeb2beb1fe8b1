namespace Akka.Configuration;

/// <summary>A configuration that cannot be read, or a setting with a value that cannot be used.</summary>
public class ConfigurationException : AkkaException
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception exception)
        : base(message, exception)
    {
    }

    /// <summary>For a component of type <typeparamref name="T"/> that was given no configuration.</summary>
    public static ConfigurationException NullOrEmptyConfig<T>(string path = null) => new(
        $"{typeof(T)} got no configuration, or an empty one{(string.IsNullOrWhiteSpace(path) ? "" : $"; it expected the section {path}")}.");
}
