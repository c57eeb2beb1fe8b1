using System.Text.Json.Serialization;

namespace Petabridge.Cmd.Wire;

/// <summary>First frame of a server: what it can do.</summary>
/// <param name="System">Name of the actor system.</param>
public sealed record WireHello(string System, IReadOnlyList<WirePalette> Palettes);

/// <summary>Commands under one first word.</summary>
public sealed record WirePalette(string Name, IReadOnlyList<WireCommand> Commands);

public sealed record WireCommand(string Name, string Description, IReadOnlyList<WireArgument> Arguments);

/// <param name="Switches">How it is given, such as <c>-n</c>; a value follows.</param>
/// <param name="Values">Values that a user may want.</param>
/// <param name="Default">Its value when it is not given; null for none.</param>
public sealed record WireArgument(
    string Name, string Description, bool IsMandatory, bool AllowsMany, IReadOnlyList<string> Switches, IReadOnlyList<string> Values, string? Default);

/// <summary>A frame of a client: run a command, or cancel one that runs.</summary>
/// <param name="Id">Chosen by the client; not that of another command that still runs.</param>
/// <param name="Cancel">Whether to cancel; then the rest is null.</param>
/// <param name="Arguments">Switch and value by turns.</param>
public sealed record WireRequest(long Id, bool Cancel, string? Palette, string? Command, IReadOnlyList<string>? Arguments);

/// <summary>A frame of a server: some output of a command.</summary>
/// <param name="IsFinal">Whether nothing follows.</param>
/// <param name="IsError">Whether the command has failed; then it is final.</param>
public sealed record WireReply(long Id, string Text, bool IsFinal, bool IsError);

/// <summary>The messages as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(WireHello))]
[JsonSerializable(typeof(WireRequest))]
[JsonSerializable(typeof(WireReply))]
public sealed partial class WireJson : JsonSerializerContext;
