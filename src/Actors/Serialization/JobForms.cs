using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what workers are asked for, and say of themselves.</summary>
internal static class JobForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<PrefillProtocol.Start, Wire.Start>("ps", Wire.Start.Parser, Write, Read),
        new WireForm<DecodeProtocol.Reserve, Wire.Reserve>("dr", Wire.Reserve.Parser, Write, Read),
        new WireForm<WorkerProtocol.Cancel, Wire.Cancel>(
            "wc",
            Wire.Cancel.Parser,
            static cancel => new Wire.Cancel { Attempt = IdForms.Write(cancel.Attempt) },
            static (wire, _) => new WorkerProtocol.Cancel(IdForms.Read(wire.Attempt))),
        new WireForm<WorkerProtocol.GetStatus, Wire.GetStatus>(
            "wg", Wire.GetStatus.Parser, static _ => new Wire.GetStatus(), static (_, _) => WorkerProtocol.GetStatus.Instance),
        new WireForm<WorkerProtocol.FlushCache, Wire.FlushCache>(
            "wf", Wire.FlushCache.Parser, static _ => new Wire.FlushCache(), static (_, _) => WorkerProtocol.FlushCache.Instance),
        new WireForm<WorkerProtocol.CacheFlushed, Wire.CacheFlushed>(
            "wd", Wire.CacheFlushed.Parser, static _ => new Wire.CacheFlushed(), static (_, _) => WorkerProtocol.CacheFlushed.Instance),
        new WireForm<WorkerProtocol.Status, Wire.Status>("ws", Wire.Status.Parser, Write, Read),
    ];

    private static Wire.Start Write(PrefillProtocol.Start start)
    {
        var wire = new Wire.Start
        {
            Attempt = IdForms.Write(start.Attempt),
            Sampling = SamplingForm.Write(start.Sampling),
            PageTarget = ActorReferences.Write(start.PageTarget, "page_target"),
            ReplyTo = ActorReferences.Write(start.ReplyTo, "reply_to"),
        };
        if (start.CacheSalt is { } salt) wire.CacheSalt = salt;
        Fields.Add(wire.PromptIds, start.PromptIds);
        Fields.Add(wire.OutputIds, start.OutputIds);
        return wire;
    }

    private static PrefillProtocol.Start Read(Wire.Start wire, ActorReferences references) => new(
        IdForms.Read(wire.Attempt),
        Fields.Array(wire.PromptIds),
        Fields.Array(wire.OutputIds),
        SamplingForm.Read(wire.Sampling),
        references.Read(wire.PageTarget, "page_target"),
        references.Read(wire.ReplyTo, "reply_to"),
        wire.HasCacheSalt ? wire.CacheSalt : null);

    private static Wire.Reserve Write(DecodeProtocol.Reserve reserve)
    {
        var wire = new Wire.Reserve
        {
            Attempt = IdForms.Write(reserve.Attempt),
            Sampling = SamplingForm.Write(reserve.Sampling),
            ReplyTo = ActorReferences.Write(reserve.ReplyTo, "reply_to"),
        };
        if (reserve.CacheSalt is { } salt) wire.CacheSalt = salt;
        Fields.Add(wire.PromptIds, reserve.PromptIds);
        Fields.Add(wire.OutputIds, reserve.OutputIds);
        return wire;
    }

    private static DecodeProtocol.Reserve Read(Wire.Reserve wire, ActorReferences references) => new(
        IdForms.Read(wire.Attempt),
        Fields.Array(wire.PromptIds),
        Fields.Array(wire.OutputIds),
        SamplingForm.Read(wire.Sampling),
        references.Read(wire.ReplyTo, "reply_to"),
        wire.HasCacheSalt ? wire.CacheSalt : null);

    private static Wire.Status Write(WorkerProtocol.Status status) => new()
    {
        Worker = IdForms.Write(status.Worker),
        Role = IdForms.Write(status.Role),
        IsReady = status.IsReady,
        Jobs = status.Jobs,
        Restarts = status.Restarts,
        GpuWorker = ActorReferences.Write(status.GpuWorker, "gpu_worker"),
    };

    private static WorkerProtocol.Status Read(Wire.Status wire, ActorReferences references) => new(
        new WorkerId(wire.Worker),
        IdForms.Read(wire.Role),
        wire.IsReady,
        wire.Jobs,
        wire.Restarts,
        references.Read(wire.GpuWorker, "gpu_worker"));
}
