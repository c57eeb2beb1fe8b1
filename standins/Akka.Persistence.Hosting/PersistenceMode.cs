namespace Akka.Persistence.Hosting;

/// <summary>Which plug-ins a verb sets up.</summary>
public enum PersistenceMode
{
    Both,
    Journal,
    SnapshotStore,
}
