using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what operators and nodes ask of a worker, and of what it says of itself.</summary>
internal static class WorkerForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<WorkerProtocol.GetStatus, Wire.GetStatus>(
            "wg", Wire.GetStatus.Parser, static _ => new Wire.GetStatus(), static (_, _) => WorkerProtocol.GetStatus.Instance),
        new WireForm<WorkerProtocol.FlushCache, Wire.FlushCache>(
            "wf", Wire.FlushCache.Parser, static _ => new Wire.FlushCache(), static (_, _) => WorkerProtocol.FlushCache.Instance),
        new WireForm<WorkerProtocol.CacheFlushed, Wire.CacheFlushed>(
            "wd", Wire.CacheFlushed.Parser, static _ => new Wire.CacheFlushed(), static (_, _) => WorkerProtocol.CacheFlushed.Instance),
        new WireForm<WorkerProtocol.Status, Wire.Status>("ws", Wire.Status.Parser, Write, Read),
        new WireForm<WorkerProtocol.SetRole, Wire.SetRole>(
            "wr",
            Wire.SetRole.Parser,
            static set => new Wire.SetRole { Role = IdForms.Write(set.Role), ServesBoth = set.Role == WorkerRole.Both },
            static (wire, _) => new WorkerProtocol.SetRole(IdForms.Read(wire.Role, wire.ServesBoth))),
        new WireForm<WorkerProtocol.RoleSet, Wire.RoleSet>("we", Wire.RoleSet.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<WorkerProtocol.Drain, Wire.Drain>(
            "wa",
            Wire.Drain.Parser,
            static drain => new Wire.Drain { GraceMs = (long)drain.Grace.TotalMilliseconds },
            static (wire, _) => new WorkerProtocol.Drain(Grace(wire.GraceMs))),
        new WireForm<WorkerProtocol.Drained, Wire.Drained>(
            "wn",
            Wire.Drained.Parser,
            static drained => new Wire.Drained { Worker = IdForms.Write(drained.Worker), HandedOver = drained.HandedOver },
            static (wire, _) => new WorkerProtocol.Drained(new WorkerId(wire.Worker), wire.HandedOver)),
        new WireForm<WorkerProtocol.Resume, Wire.Resume>(
            "wu", Wire.Resume.Parser, static _ => new Wire.Resume(), static (_, _) => WorkerProtocol.Resume.Instance),
        new WireForm<WorkerProtocol.Resumed, Wire.Resumed>(
            "wv",
            Wire.Resumed.Parser,
            static resumed => new Wire.Resumed { Worker = IdForms.Write(resumed.Worker) },
            static (wire, _) => new WorkerProtocol.Resumed(new WorkerId(wire.Worker))),
        new WireForm<WorkerProtocol.SetStorage, Wire.SetStorage>(
            "wx",
            Wire.SetStorage.Parser,
            static set => new Wire.SetStorage { IsAttached = set.IsAttached },
            static (wire, _) => new WorkerProtocol.SetStorage(wire.IsAttached)),
        new WireForm<WorkerProtocol.StorageSet, Wire.StorageSet>(
            "wy",
            Wire.StorageSet.Parser,
            static set => new Wire.StorageSet { Worker = IdForms.Write(set.Worker), IsKnown = set.IsKnown, IsAttached = set.IsAttached },
            static (wire, _) => new WorkerProtocol.StorageSet(new WorkerId(wire.Worker), wire.IsKnown, wire.IsAttached)),
    ];

    private static Wire.Status Write(WorkerProtocol.Status status) => new()
    {
        Worker = IdForms.Write(status.Worker),
        Role = IdForms.Write(status.Role),
        ServesBoth = status.Role == WorkerRole.Both,
        IsReady = status.IsReady,
        Jobs = status.Jobs,
        Restarts = status.Restarts,
        GpuWorker = ActorReferences.Write(status.GpuWorker, "gpu_worker"),
    };

    private static WorkerProtocol.Status Read(Wire.Status wire, ActorReferences references) => new(
        new WorkerId(wire.Worker),
        IdForms.Read(wire.Role, wire.ServesBoth),
        wire.IsReady,
        wire.Jobs,
        wire.Restarts,
        references.Read(wire.GpuWorker, "gpu_worker"));

    private static Wire.RoleSet Write(WorkerProtocol.RoleSet set) => new()
    {
        Worker = IdForms.Write(set.Worker),
        Role = IdForms.Write(set.Role),
        ServesBoth = set.Role == WorkerRole.Both,
        Before = IdForms.Write(set.Before),
        ServedBoth = set.Before == WorkerRole.Both,
    };

    private static WorkerProtocol.RoleSet Read(Wire.RoleSet wire) =>
        new(new WorkerId(wire.Worker), IdForms.Read(wire.Role, wire.ServesBoth), IdForms.Read(wire.Before, wire.ServedBoth));

    private static TimeSpan Grace(long milliseconds) => milliseconds <= TimeSpan.MaxValue.TotalMilliseconds && milliseconds >= TimeSpan.MinValue.TotalMilliseconds
        ? TimeSpan.FromMilliseconds(milliseconds, 0)
        : throw new System.Runtime.Serialization.SerializationException($"grace_ms is {milliseconds}; no such time can be waited.");
}
