namespace ActorInference.Gpu.Cpu;

/// <summary>Weights that are in a mapped file first, and in memory of their own once somebody has packed them.</summary>
internal unsafe interface IPackable
{
    /// <summary>Packed, it is as many parts of the same size, one after the other.</summary>
    int PackedParts { get; }

    long PackedPartBytes { get; }

    /// <summary>Packs one part. Threads may pack parts at once.</summary>
    /// <param name="target">Zeroed.</param>
    void PackPart(int part, byte* target);

    /// <summary>Reads from memory from now on. Whoever is reading the file meanwhile may go on.</summary>
    /// <param name="memory">All parts; outlives the weights.</param>
    void Settle(byte* memory);
}
