using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>What keeps the events of persistent actors.</summary>
public enum PersistenceProvider
{
    /// <summary>The process; they end with it.</summary>
    Memory,

    /// <summary>A SQLite file, for the processes of one machine.</summary>
    Sqlite,

    /// <summary>A PostgreSQL database, for a cluster.</summary>
    PostgreSql,
}

/// <summary>Where persistent actors keep their events and snapshots: the section <c>actor-inference.persistence</c>.</summary>
/// <param name="ConnectionString">Of the database; empty for memory.</param>
public sealed record PersistenceSettings(PersistenceProvider Provider, string ConnectionString)
{
    /// <summary>Path of the section.</summary>
    public const string Section = InferenceSettings.Root + ".persistence";

    internal static PersistenceSettings Read(ConfigSection section)
    {
        var names = Enum.GetValues<PersistenceProvider>().ToDictionary(Name);
        var provider = names[section.OneOf("provider", [.. names.Keys])];
        var connection = section.Text("connection-string");
        section.CheckNoOthers();
        if (provider != PersistenceProvider.Memory && connection.Length == 0)
            throw new ConfigurationException($"{Section}.connection-string is ''; expected how to reach the database, such as {Example(provider)}.");
        return new PersistenceSettings(provider, connection);
    }

    /// <summary>Name in the configuration.</summary>
    public static string Name(PersistenceProvider provider) => provider.ToString().ToLowerInvariant();

    private static string Example(PersistenceProvider provider) => provider == PersistenceProvider.Sqlite
        ? "'Data Source=/var/lib/actor-inference/journal.db'"
        : "'Host=db;Database=inference;Username=inference;Password=…'";
}
