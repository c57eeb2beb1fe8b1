namespace ActorInference.Gpu.Kv;

/// <summary>Memory of a <see cref="KvPagePool"/> that the pool has not taken itself.</summary>
public unsafe interface IPoolMemory : IDisposable
{
    /// <summary>First byte, for the host or the device that has it; valid until it is disposed.</summary>
    byte* Address { get; }
}

/// <summary>Memory of a device for the pages of a <see cref="KvPagePool"/>, which the host reaches by copies. Thread-safe.</summary>
public interface IDevicePoolMemory : IPoolMemory
{
    /// <summary>Name by which pools of other processes copy from it without the host between; null if they cannot.</summary>
    string? SharedName { get; }

    /// <summary>As <see cref="Actors.Kv.IDevicePages.TryCopy"/>.</summary>
    string? TryCopy(string sharedName, ReadOnlySpan<int> theirs, ReadOnlySpan<int> mine);

    /// <summary>As <see cref="Actors.Kv.IDevicePages.BeginLanding"/>.</summary>
    Actors.Kv.IPageLanding? BeginLanding(int layers) => null;

    /// <summary>As <see cref="Actors.Kv.IDevicePages.ReleaseAbandoned"/>.</summary>
    void ReleaseAbandoned();

    /// <summary>Copies out what the device had there when it was last waited for.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="target">As long as a page; filled when this returns.</param>
    void Read(int page, Span<byte> target);

    /// <summary>Copies in; what the device is given to do afterwards finds it there.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="source">As long as a page; may change when this has returned.</param>
    void Write(int page, ReadOnlySpan<byte> source);

    /// <summary>The <see cref="Actors.Kv.PageChecksum"/> of each of the pages.</summary>
    /// <param name="pages">Their numbers.</param>
    /// <param name="checksums">Overwritten; as long.</param>
    void Sum(ReadOnlySpan<int> pages, Span<uint> checksums);
}
