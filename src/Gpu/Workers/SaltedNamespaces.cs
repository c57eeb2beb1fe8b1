using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Workers;

/// <summary>Identities of one namespace under different salts, computed once each while there are not too many.</summary>
internal sealed class SaltedNamespaces(KvNamespace common)
{
    private const int MostRemembered = 4096;

    private readonly KvNamespaceId _unsalted = common.ComputeId();
    private readonly Dictionary<string, KvNamespaceId> _salted = [];

    public KvNamespaceId Of(string? salt)
    {
        if (salt is null) return _unsalted;
        if (_salted.TryGetValue(salt, out var known)) return known;
        if (_salted.Count >= MostRemembered) _salted.Clear();   // Salts are the users' to choose.
        return _salted[salt] = (common with { TenantSalt = salt }).ComputeId();
    }
}
