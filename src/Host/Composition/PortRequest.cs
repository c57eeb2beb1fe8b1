namespace ActorInference.Host.Composition;

/// <summary>Which port the user wants for something.</summary>
/// <param name="Port">0 takes a free one; null for none at all.</param>
/// <param name="IsGiven">Whether the user said so. A default gives way to another process that has the port.</param>
public readonly record struct PortRequest(int? Port, bool IsGiven)
{
    public static readonly PortRequest None = new(null, IsGiven: true);
}
