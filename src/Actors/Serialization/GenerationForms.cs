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

    private static Wire.Granted Write(GenerationProtocol.Granted granted) =>
        new() { Attempt = IdForms.Write(granted.Attempt), PageTarget = ActorReferences.Write(granted.PageTarget, "page_target") };

    private static GenerationProtocol.Granted Read(Wire.Granted wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), references.Read(wire.PageTarget, "page_target"));

    private static Wire.Progressed Write(GenerationProtocol.Progressed progressed) => new() { Attempt = IdForms.Write(progressed.Attempt) };

    private static GenerationProtocol.Progressed Read(Wire.Progressed wire, ActorReferences references) => new(IdForms.Read(wire.Attempt));

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
