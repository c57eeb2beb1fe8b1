namespace ActorInference.Gpu.Kv;

/// <summary>Memory of a <see cref="KvPagePool"/> that a device also reaches.</summary>
public unsafe interface IPoolMemory : IDisposable
{
    /// <summary>First byte, for the host; valid until it is disposed.</summary>
    byte* Address { get; }
}
