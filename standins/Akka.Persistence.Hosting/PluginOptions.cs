using System.Text;
using Akka.Configuration;
using Akka.Hosting;

namespace Akka.Persistence.Hosting;

/// <summary>What the options of a journal and of a snapshot store have in common: a section named by the identifier.</summary>
internal static class PluginOptions
{
    /// <exception cref="ArgumentException">The identifier cannot be a part of a configuration path.</exception>
    public static string Path(string kind, string identifier)
    {
        if (string.IsNullOrWhiteSpace(identifier) || identifier.Any(c => !char.IsLetterOrDigit(c) && c is not ('-' or '_')))
            throw new ArgumentException($"The identifier of the {kind} is '{identifier}'; it must be of letters, digits, hyphens and underscores.");
        return $"akka.persistence.{kind}.{identifier}";
    }

    public static StringBuilder Wrap(StringBuilder settings, string kind, string path, bool isDefault)
    {
        settings.Insert(0, $"{path} {{{Environment.NewLine}").AppendLine("}");
        if (isDefault) settings.AppendLine($"akka.persistence.{kind}.plugin = {path.ToHocon()}");
        return settings;
    }

    public static void Append(StringBuilder settings, bool autoInitialize, string? serializer)
    {
        settings.AppendLine($"auto-initialize = {autoInitialize.ToHocon()}");
        if (serializer is not null) settings.AppendLine($"serializer = {serializer.ToHocon()}");
    }
}

/// <summary>The settings of a journal, as <c>akka.persistence.journal.IDENTIFIER</c>.</summary>
/// <param name="isDefault">Whether actors that name no journal use it.</param>
public abstract class JournalOptions(bool isDefault)
{
    public bool IsDefaultPlugin { get; set; } = isDefault;

    public abstract string Identifier { get; set; }

    /// <summary>Whether missing tables are created.</summary>
    public bool AutoInitialize { get; set; }

    /// <summary>For payloads to which nothing closer than Object is bound.</summary>
    public string? Serializer { get; set; } = "json";

    public AkkaPersistenceJournalBuilder Adapters { get; set; } = new("", null!);

    public string PluginId => PluginOptions.Path("journal", Identifier);

    /// <summary>The plug-in's defaults, under its own identifier.</summary>
    public Config DefaultConfig => InternalDefaultConfig.MoveTo(PluginId);

    protected abstract Config InternalDefaultConfig { get; }

    public Config ToConfig() => ToString();

    public sealed override string ToString() => Build(new StringBuilder()).ToString();

    /// <summary>Puts the settings into the plug-in's section. Append those of a subclass before; what belongs outside, after.</summary>
    protected virtual StringBuilder Build(StringBuilder sb)
    {
        PluginOptions.Append(sb, AutoInitialize, Serializer);
        Adapters.AppendAdapters(sb);
        return PluginOptions.Wrap(sb, "journal", PluginId, IsDefaultPlugin);
    }
}

/// <summary>The settings of a snapshot store, as <c>akka.persistence.snapshot-store.IDENTIFIER</c>.</summary>
/// <param name="isDefault">Whether actors that name no snapshot store use it.</param>
public abstract class SnapshotOptions(bool isDefault)
{
    public bool IsDefaultPlugin { get; set; } = isDefault;

    public abstract string Identifier { get; set; }

    /// <summary>Whether missing tables are created.</summary>
    public bool AutoInitialize { get; set; }

    /// <summary>For payloads to which nothing closer than Object is bound.</summary>
    public string? Serializer { get; set; } = "json";

    public string PluginId => PluginOptions.Path("snapshot-store", Identifier);

    /// <summary>The plug-in's defaults, under its own identifier.</summary>
    public Config DefaultConfig => InternalDefaultConfig.MoveTo(PluginId);

    protected abstract Config InternalDefaultConfig { get; }

    public Config ToConfig() => ToString();

    public sealed override string ToString() => Build(new StringBuilder()).ToString();

    /// <inheritdoc cref="JournalOptions.Build"/>
    protected virtual StringBuilder Build(StringBuilder sb)
    {
        PluginOptions.Append(sb, AutoInitialize, Serializer);
        return PluginOptions.Wrap(sb, "snapshot-store", PluginId, IsDefaultPlugin);
    }
}

internal static class ConfigPlacement
{
    /// <summary>The same settings below a path.</summary>
    public static Config MoveTo(this Config config, string path) => ConfigurationFactory.ParseString($"{path} {{\n{config.ToString(true)}\n}}");
}
