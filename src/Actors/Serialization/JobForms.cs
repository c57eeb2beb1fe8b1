using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what workers are asked for.</summary>
internal static class JobForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<PrefillProtocol.Start, Wire.Start>("ps", Wire.Start.Parser, Write, Read),
        new WireForm<PrefillProtocol.Deliver, Wire.Deliver>("pd", Wire.Deliver.Parser, Write, Read),
        new WireForm<DecodeProtocol.Reserve, Wire.Generate>(
            "dr",
            Wire.Generate.Parser,
            static job => Write(job),
            ReadReserve),
        new WireForm<DecodeProtocol.Generate, Wire.Generate>(
            "dg",
            Wire.Generate.Parser,
            static job => Write(job),
            Read),
        new WireForm<WorkerProtocol.Cancel, Wire.Cancel>(
            "wc",
            Wire.Cancel.Parser,
            static cancel => new Wire.Cancel { Attempt = IdForms.Write(cancel.Attempt) },
            static (wire, _) => new WorkerProtocol.Cancel(IdForms.Read(wire.Attempt))),
    ];

    private static Wire.Start Write(PrefillProtocol.Start start)
    {
        var wire = new Wire.Start
        {
            Attempt = IdForms.Write(start.Attempt),
            Sampling = SamplingForm.Write(start.Sampling),
            PageTarget = start.PageTarget is { } target ? ActorReferences.Write(target, "page_target") : "",
            ReplyTo = ActorReferences.Write(start.ReplyTo, "reply_to"),
            CachedPages = start.CachedPages,
            Priority = start.Priority,
            Trace = TraceForm.Write(start.Trace),
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
        wire.PageTarget.Length == 0 ? null : references.Read(wire.PageTarget, "page_target"),
        references.Read(wire.ReplyTo, "reply_to"))
    {
        CachedPages = wire.CachedPages,
        CacheSalt = wire.HasCacheSalt ? wire.CacheSalt : null,
        Priority = wire.Priority,
        Trace = TraceForm.Read(wire.Trace),
    };

    private static Wire.Deliver Write(PrefillProtocol.Deliver deliver) => new()
    {
        Attempt = IdForms.Write(deliver.Attempt),
        PageTarget = ActorReferences.Write(deliver.PageTarget, "page_target"),
        CachedPages = deliver.CachedPages,
    };

    private static PrefillProtocol.Deliver Read(Wire.Deliver wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), references.Read(wire.PageTarget, "page_target"), wire.CachedPages);

    /// <summary>What a decode worker is asked for, in both ways: the same fields, told apart by their manifests.</summary>
    private static Wire.Generate Write(IWorkerJob job)
    {
        var wire = new Wire.Generate
        {
            Attempt = IdForms.Write(job.Attempt),
            Sampling = SamplingForm.Write(job.Sampling),
            ReplyTo = ActorReferences.Write(job.ReplyTo, "reply_to"),
            Priority = job.Priority,
            Trace = TraceForm.Write(job.Trace),
        };
        if (job.CacheSalt is { } salt) wire.CacheSalt = salt;
        Fields.Add(wire.PromptIds, job.PromptIds);
        Fields.Add(wire.OutputIds, job.OutputIds);
        return wire;
    }

    private static DecodeProtocol.Generate Read(Wire.Generate wire, ActorReferences references) => new(
        IdForms.Read(wire.Attempt),
        Fields.Array(wire.PromptIds),
        Fields.Array(wire.OutputIds),
        SamplingForm.Read(wire.Sampling),
        references.Read(wire.ReplyTo, "reply_to"),
        wire.HasCacheSalt ? wire.CacheSalt : null)
    {
        Priority = wire.Priority,
        Trace = TraceForm.Read(wire.Trace),
    };

    private static DecodeProtocol.Reserve ReadReserve(Wire.Generate wire, ActorReferences references)
    {
        var read = Read(wire, references);
        return new DecodeProtocol.Reserve(read.Attempt, read.PromptIds, read.OutputIds, read.Sampling, read.ReplyTo, read.CacheSalt)
        {
            Priority = read.Priority,
            Trace = read.Trace,
        };
    }
}
