using System.Runtime.Serialization;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what workers tell the actor that runs a generation.</summary>
internal static class GenerationForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<GenerationProtocol.Granted, Wire.Granted>("gg", Wire.Granted.Parser, Write, Read),
        new WireForm<GenerationProtocol.Progressed, Wire.Progressed>("gp", Wire.Progressed.Parser, Write, Read),
        new WireForm<GenerationProtocol.TokenChosen, Wire.TokenChosen>(
            "gt", Wire.TokenChosen.Parser, TokenForms.Write, static (wire, _) => TokenForms.Read(wire)),
        new WireForm<GenerationProtocol.Completed, Wire.Completed>("gc", Wire.Completed.Parser, Write, Read),
        new WireForm<GenerationProtocol.Refused, Wire.Refused>("gr", Wire.Refused.Parser, Write, Read),
        new WireForm<GenerationProtocol.Rejected, Wire.Rejected>("gj", Wire.Rejected.Parser, Write, Read),
        new WireForm<GenerationProtocol.Lost, Wire.Lost>("gl", Wire.Lost.Parser, Write, Read),
        new WireForm<GenerationProtocol.Failed, Wire.Failed>("gf", Wire.Failed.Parser, Write, Read),
    ];

    private static Wire.Granted Write(GenerationProtocol.Granted granted) => new()
    {
        Attempt = IdForms.Write(granted.Attempt),
        PageTarget = ActorReferences.Write(granted.PageTarget, "page_target"),
        CachedPages = granted.CachedPages,
    };

    private static GenerationProtocol.Granted Read(Wire.Granted wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), references.Read(wire.PageTarget, "page_target")) { CachedPages = wire.CachedPages };

    private static Wire.Progressed Write(GenerationProtocol.Progressed progressed)
    {
        var wire = new Wire.Progressed { Attempt = IdForms.Write(progressed.Attempt), Stage = Write(progressed.Stage) };
        if (progressed.Worker is { } worker) wire.Worker = IdForms.Write(worker);
        return wire;
    }

    private static GenerationProtocol.Progressed Read(Wire.Progressed wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt)) { Stage = Read(wire.Stage), Worker = wire.HasWorker ? new WorkerId(wire.Worker) : null };

    private static Wire.JobStage Write(GenerationProtocol.JobStage stage) => stage switch
    {
        GenerationProtocol.JobStage.Working => Wire.JobStage.Working,
        GenerationProtocol.JobStage.Waiting => Wire.JobStage.Waiting,
        GenerationProtocol.JobStage.AwaitingGrant => Wire.JobStage.AwaitingGrant,
        GenerationProtocol.JobStage.Computing => Wire.JobStage.Computing,
        GenerationProtocol.JobStage.Busy => Wire.JobStage.Busy,
        _ => throw new SerializationException($"stage is {stage}, which has no form."),
    };

    private static GenerationProtocol.JobStage Read(Wire.JobStage stage) => stage switch
    {
        Wire.JobStage.Waiting => GenerationProtocol.JobStage.Waiting,
        Wire.JobStage.AwaitingGrant => GenerationProtocol.JobStage.AwaitingGrant,
        Wire.JobStage.Computing => GenerationProtocol.JobStage.Computing,
        Wire.JobStage.Busy => GenerationProtocol.JobStage.Busy,
        _ => GenerationProtocol.JobStage.Working,   // Also what a later version says: it is a sign of life.
    };

    private static Wire.Completed Write(GenerationProtocol.Completed completed) => new()
    {
        Attempt = IdForms.Write(completed.Attempt),
        OutputTokens = completed.OutputTokens,
        Ending = TokenForms.Write(completed.Ending),
    };

    private static GenerationProtocol.Completed Read(Wire.Completed wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), wire.OutputTokens, TokenForms.Read(Fields.Required(wire.Ending, "ending")));

    private static Wire.Refused Write(GenerationProtocol.Refused refused) =>
        new() { Attempt = IdForms.Write(refused.Attempt), Worker = IdForms.Write(refused.Worker), Message = refused.Message };

    private static GenerationProtocol.Refused Read(Wire.Refused wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), new WorkerId(wire.Worker), wire.Message);

    private static Wire.Rejected Write(GenerationProtocol.Rejected rejected) =>
        new() { Attempt = IdForms.Write(rejected.Attempt), Message = rejected.Message };

    private static GenerationProtocol.Rejected Read(Wire.Rejected wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), wire.Message);

    private static Wire.Lost Write(GenerationProtocol.Lost lost) =>
        new() { Attempt = IdForms.Write(lost.Attempt), Worker = IdForms.Write(lost.Worker), Message = lost.Message };

    private static GenerationProtocol.Lost Read(Wire.Lost wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), new WorkerId(wire.Worker), wire.Message);

    private static Wire.Failed Write(GenerationProtocol.Failed failed) =>
        new() { Attempt = IdForms.Write(failed.Attempt), Message = failed.Message };

    private static GenerationProtocol.Failed Read(Wire.Failed wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), wire.Message);
}
