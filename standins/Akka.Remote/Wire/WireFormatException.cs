namespace Akka.Remote.Wire;

/// <summary>Bytes from a peer that are not what the format says.</summary>
public sealed class WireFormatException(string message) : AkkaException(message, null);
