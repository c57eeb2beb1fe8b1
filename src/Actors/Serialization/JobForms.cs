using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what workers are asked for.</summary>
internal static class JobForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<PrefillProtocol.Start, Wire.Start>("ps", Wire.Start.Parser, Write, Read),
        new WireForm<PrefillProtocol.Deliver, Wire.Deliver>("pd", Wire.Deliver.Parser, Write, Read),
        new WireForm<DecodeProtocol.Reserve, Wire.Reserve>("dr", Wire.Reserve.Parser, Write, Read),
        new WireForm<DecodeProtocol.Generate, Wire.Generate>("dg", Wire.Generate.Parser, Write, Read),
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
    };

    private static Wire.Deliver Write(PrefillProtocol.Deliver deliver) => new()
    {
        Attempt = IdForms.Write(deliver.Attempt),
        PageTarget = ActorReferences.Write(deliver.PageTarget, "page_target"),
        CachedPages = deliver.CachedPages,
    };

    private static PrefillProtocol.Deliver Read(Wire.Deliver wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), references.Read(wire.PageTarget, "page_target"), wire.CachedPages);

    private static Wire.Reserve Write(DecodeProtocol.Reserve reserve)
    {
        var wire = new Wire.Reserve
        {
            Attempt = IdForms.Write(reserve.Attempt),
            Sampling = SamplingForm.Write(reserve.Sampling),
            ReplyTo = ActorReferences.Write(reserve.ReplyTo, "reply_to"),
            Priority = reserve.Priority,
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
        references.Read(wire.ReplyTo, "reply_to"))
    {
        CacheSalt = wire.HasCacheSalt ? wire.CacheSalt : null,
        Priority = wire.Priority,
    };

    private static Wire.Generate Write(DecodeProtocol.Generate generate)
    {
        var wire = new Wire.Generate
        {
            Attempt = IdForms.Write(generate.Attempt),
            Sampling = SamplingForm.Write(generate.Sampling),
            ReplyTo = ActorReferences.Write(generate.ReplyTo, "reply_to"),
            Priority = generate.Priority,
        };
        if (generate.CacheSalt is { } salt) wire.CacheSalt = salt;
        Fields.Add(wire.PromptIds, generate.PromptIds);
        Fields.Add(wire.OutputIds, generate.OutputIds);
        return wire;
    }

    private static DecodeProtocol.Generate Read(Wire.Generate wire, ActorReferences references) => new(
        IdForms.Read(wire.Attempt),
        Fields.Array(wire.PromptIds),
        Fields.Array(wire.OutputIds),
        SamplingForm.Read(wire.Sampling),
        references.Read(wire.ReplyTo, "reply_to"))
    {
        CacheSalt = wire.HasCacheSalt ? wire.CacheSalt : null,
        Priority = wire.Priority,
    };
}
