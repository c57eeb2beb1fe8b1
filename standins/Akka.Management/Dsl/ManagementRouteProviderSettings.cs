namespace Akka.Management;

/// <summary>What route providers are told of the server.</summary>
public abstract class ManagementRouteProviderSettings
{
    protected ManagementRouteProviderSettings(Uri selfBaseUri, bool readOnly)
    {
        SelfBaseUri = selfBaseUri;
        ReadOnly = readOnly;
    }

    /// <summary>Root of the server as others reach it.</summary>
    public Uri SelfBaseUri { get; }

    /// <summary>Whether only what changes nothing may be offered.</summary>
    public bool ReadOnly { get; }

    public static ManagementRouteProviderSettings Create(Uri selfBaseUri, bool readOnly) => new Plain(selfBaseUri, readOnly);

    public abstract ManagementRouteProviderSettings WithReadOnly(bool readOnly);

    private sealed class Plain(Uri selfBaseUri, bool readOnly) : ManagementRouteProviderSettings(selfBaseUri, readOnly)
    {
        public override ManagementRouteProviderSettings WithReadOnly(bool readOnly) => new Plain(SelfBaseUri, readOnly);
    }
}
