using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Workers;

/// <summary>Identities of one namespace under different salts, computed once each while there are not too many.</summary>
internal sealed class SaltedNamespaces
{
    private const int MostRemembered = 4096;

    private readonly KvNamespace _common;
    private readonly Action<KvNamespaceId, string?>? _onNew;
    private readonly KvNamespaceId _unsalted;
    private readonly Dictionary<string, KvNamespaceId> _salted = [];

    /// <param name="common">Without a salt.</param>
    /// <param name="onNew">Told of each identity that is computed, again if it was forgotten.</param>
    public SaltedNamespaces(KvNamespace common, Action<KvNamespaceId, string?>? onNew)
    {
        (_common, _onNew, _unsalted) = (common, onNew, common.ComputeId());
        onNew?.Invoke(_unsalted, null);
    }

    public KvNamespaceId Of(string? salt)
    {
        if (salt is null) return _unsalted;
        if (_salted.TryGetValue(salt, out var known)) return known;
        if (_salted.Count >= MostRemembered) _salted.Clear();   // Salts are the users' to choose.
        var computed = (_common with { TenantSalt = salt }).ComputeId();
        _onNew?.Invoke(computed, salt);
        return _salted[salt] = computed;
    }
}
