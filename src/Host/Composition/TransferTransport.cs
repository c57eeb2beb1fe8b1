namespace ActorInference.Host.Composition;

/// <summary>How KV pages travel between processes.</summary>
public enum TransferTransport
{
    /// <summary>Shared memory on the same host, TCP elsewhere.</summary>
    Auto,

    /// <summary>TCP, on the same host too.</summary>
    Tcp,
}
