using System.Text;
using Akka.Hosting;
using Akka.Persistence.Hosting;

namespace Akka.Persistence.Sql.Hosting;

/// <summary>The settings of a journal in a SQL database.</summary>
public sealed class SqlJournalOptions : JournalOptions
{
    public SqlJournalOptions()
        : this(true)
    {
    }

    public SqlJournalOptions(bool isDefaultPlugin, string identifier = "sql")
        : base(isDefaultPlugin)
    {
        Identifier = identifier;
        Serializer = null;
        AutoInitialize = true;
    }

    public string? ConnectionString { get; set; }

    /// <summary>SQLite.MS, or PostgreSQL with or without a version.</summary>
    public string? ProviderName { get; set; }

    public override string Identifier { get; set; }

    /// <summary>Whether journal_metadata says how far deleted events went; null for the default, off.</summary>
    public bool? DeleteCompatibilityMode { get; set; }

    protected override Configuration.Config InternalDefaultConfig => SqlPersistence.DefaultJournalConfiguration;

    /// <exception cref="ArgumentNullException">The connection string or the provider is not given.</exception>
    protected override StringBuilder Build(StringBuilder sb)
    {
        SqlOptions.Append(sb, ConnectionString, ProviderName);
        if (DeleteCompatibilityMode is { } mode) sb.AppendLine($"delete-compatibility-mode = {mode.ToHocon()}");
        return base.Build(sb);
    }
}

/// <summary>The settings of a snapshot store in a SQL database.</summary>
public sealed class SqlSnapshotOptions : SnapshotOptions
{
    public SqlSnapshotOptions()
        : this(true)
    {
    }

    public SqlSnapshotOptions(bool isDefaultPlugin, string identifier = "sql")
        : base(isDefaultPlugin)
    {
        Identifier = identifier;
        Serializer = null;
        AutoInitialize = true;
    }

    public string? ConnectionString { get; set; }

    /// <summary>SQLite.MS, or PostgreSQL with or without a version.</summary>
    public string? ProviderName { get; set; }

    public override string Identifier { get; set; }

    protected override Configuration.Config InternalDefaultConfig => SqlPersistence.DefaultSnapshotConfiguration;

    /// <exception cref="ArgumentNullException">The connection string or the provider is not given.</exception>
    protected override StringBuilder Build(StringBuilder sb)
    {
        SqlOptions.Append(sb, ConnectionString, ProviderName);
        return base.Build(sb);
    }
}

internal static class SqlOptions
{
    public static void Append(StringBuilder sb, string? connectionString, string? providerName)
    {
        if (string.IsNullOrWhiteSpace(connectionString)) throw new ArgumentNullException(nameof(connectionString), "The connection string must be given.");
        if (string.IsNullOrWhiteSpace(providerName)) throw new ArgumentNullException(nameof(providerName), "The provider must be given, such as SQLite.MS.");
        sb.AppendLine($"connection-string = {connectionString.ToHocon()}").AppendLine($"provider-name = {providerName.ToHocon()}");
    }
}
