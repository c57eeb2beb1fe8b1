using System.Data.Common;
using ActorInference.Host.Cli;
using ActorInference.Roles.Configuration;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>A folder for what outlives the process, the journal of its entities in it. One `up` at a time has it.</summary>
public sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Where the data of a user lies who names no folder.</summary>
    public static string Default => System.IO.Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "actor-inference");

    /// <summary>Opens the folder that was asked for, and makes it if need be.</summary>
    /// <exception cref="UserErrorException">It cannot be written, or another process has it.</exception>
    public static DataFolder Open(string folder)
    {
        try
        {
            return Take(folder);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--data is '{folder}'; expected a folder that can be made and written, and that no other process has: {cause.Message}", cause);
        }
    }

    /// <summary>Opens the default folder.</summary>
    /// <param name="note">Told if that is not to be.</param>
    /// <returns>Null if it cannot be written, or another process has it.</returns>
    public static DataFolder? OpenDefault(Action<string> note)
    {
        try
        {
            return Take(Default);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            note($"Nothing will outlive this process, since its data folder cannot be used: {cause.Message} Name another by --data.");
            return null;
        }
    }

    /// <summary>What makes a SQLite file of a folder the journal of an actor system, and the folder that of its store.</summary>
    public static void Configure(AkkaConfigurationBuilder akka, string folder)
    {
        var connection = new DbConnectionStringBuilder { ["Data Source"] = System.IO.Path.Combine(folder, "journal.db") };
        akka.AddHocon(
            $$"""
            {{PersistenceSettings.Section}} {
              provider = {{PersistenceSettings.Name(PersistenceProvider.Sqlite)}}
              connection-string = {{connection.ConnectionString.ToHocon()}}
            }
            """,
            HoconAddMode.Prepend);
        akka.AddHocon($"{CacheSettings.Section}.store.path = {System.IO.Path.Combine(folder, "cache").ToHocon()}", HoconAddMode.Append);   // Unless it is configured.
    }

    public void Dispose() => _lock.Dispose();

    private static DataFolder Take(string folder)
    {
        var path = Directory.CreateDirectory(folder).FullName;
        return new DataFolder(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
    }
}
