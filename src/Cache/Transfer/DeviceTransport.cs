using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>From device to device on one host, without the host's memory between.</summary>
internal sealed class DeviceTransport(IPageMemory pool, IDevicePages device) : IPageTransport
{
    /// <summary>Why pages last could not come so; null if they could, or nobody has tried.</summary>
    public string? Refusal { get; private set; }

    public Task<bool> TryBringAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken) =>
        message.Remote!.Source.SharedPath is { } name ? Task.Run(() => TryCopy(message, name, local), cancellationToken) : Task.FromResult(false);

    public void ReleaseAbandoned() => device.ReleaseAbandoned();

    public void Dispose()
    {
        // The pool has what it opened, and lets go of it.
    }

    private bool TryCopy(KvTransferProtocol.KvPages message, string name, ReadOnlyMemory<int> local)
    {
        Refusal = device.TryCopy(name, [.. message.Pages.Select(page => page.Page)], local.Span);
        if (Refusal is not null) return false;
        var sums = new uint[local.Length];
        pool.Sum(local.Span, sums);
        for (var i = 0; i < sums.Length; i++) PageJob.Check(message, i, sums[i]);
        return true;
    }
}
