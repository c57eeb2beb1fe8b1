namespace ActorInference.Actors.Kv;

/// <summary>A page pool in a device's memory, which may copy from those of other processes on this host without the host's memory between. Thread-safe.</summary>
public interface IDevicePages
{
    /// <summary>Copies pages out of another process's pool, named by its <see cref="IPageMemory.SharedPath"/>.</summary>
    /// <param name="sharedPath">As its process says it.</param>
    /// <param name="theirs">Numbers of its pages, which stay as they are meanwhile.</param>
    /// <param name="mine">Pages of this pool that the caller holds, one for each.</param>
    /// <returns>Null if they are here; else why they cannot come so, and none has.</returns>
    string? TryCopy(string sharedPath, ReadOnlySpan<int> theirs, ReadOnlySpan<int> mine);

    /// <summary>Begins to bring the host's bytes into pages layer by layer, while the device computes.</summary>
    /// <param name="layers">Of a page.</param>
    /// <returns>Null where the pool cannot; its pages are written as a whole then.</returns>
    IPageLanding? BeginLanding(int layers) => null;

    /// <summary>Lets go of the pools of processes that have ended, whose memory stays taken as long as they are open here.</summary>
    void ReleaseAbandoned();
}
