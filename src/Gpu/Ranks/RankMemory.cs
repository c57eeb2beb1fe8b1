using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Ranks;

/// <summary>
/// Where everything is in the memory that the ranks of a model share: counters, each in cache lines of its own; a ring of slots for
/// steps; two buffers of numbers for each rank.
/// </summary>
/// <remarks>SAFETY: every address is within the segment, whose length is checked against the same sizes at either end.</remarks>
internal sealed unsafe class RankMemory(SharedSegment segment, int ranks, long bufferFloats)
{
    /// <summary>Numbers in a slot of the ring, its two of its own included.</summary>
    public const int SlotInts = 4096;

    public const int Slots = 64;

    public const int MeetingBytes = CounterBytes;

    private const int Magic = 0x4b4e5202;   // Changes with the layout.
    private const int CounterBytes = 128;
    private const int CountersOfAll = 7;
    private const int CountersOfRank = 3;
    private const int PageBytes = 4096;

    public int* State => Counter(1);

    /// <summary>What sleepers sleep on; changes with each ring.</summary>
    public int* Bell => Counter(2);

    /// <summary>Threads that sleep, or are about to.</summary>
    public int* Sleepers => Counter(3);

    /// <summary>Slots of the ring that were ever filled.</summary>
    public int* Published => Counter(4);

    /// <summary>What ranks whose devices meet by themselves need to find each other. Shape <c>[MeetingBytes]</c>.</summary>
    public byte* Meeting => (byte*)Counter(6);

    private int* Mark => Counter(0);

    private int* MarkedFloats => Counter(5);

    public static long LengthBytes(int ranks, long bufferFloats) => RingOffset(ranks) + (long)Slots * SlotInts * sizeof(int) + 2 * ranks * BufferBytes(bufferFloats);

    /// <summary>Exchanges that a rank has taken part in.</summary>
    public int* Arrived(int rank) => Counter(CountersOfAll + rank * CountersOfRank);

    /// <summary>Slots that a rank has read.</summary>
    public int* Consumed(int rank) => Counter(CountersOfAll + rank * CountersOfRank + 1);

    /// <summary>Not 0 when a rank has loaded its part.</summary>
    public int* Ready(int rank) => Counter(CountersOfAll + rank * CountersOfRank + 2);

    public int* Slot(int sequence) => (int*)(segment.Address + RingOffset(ranks)) + (sequence & (Slots - 1)) * SlotInts;

    /// <param name="turn">Of the exchange; its lowest bit counts.</param>
    public float* Buffer(int rank, int turn) =>
        (float*)(segment.Address + RingOffset(ranks) + (long)Slots * SlotInts * sizeof(int) + (2 * rank + (turn & 1)) * BufferBytes(bufferFloats));

    /// <summary>Writes down what the segment is; it is all zeros before.</summary>
    public void WriteMark()
    {
        *MarkedFloats = (int)bufferFloats;
        Volatile.Write(ref *Mark, Magic + ranks);
    }

    /// <summary>Whether it is what this program would make for the same model.</summary>
    public bool HasMark() => Volatile.Read(ref *Mark) == Magic + ranks && *MarkedFloats == (int)bufferFloats;

    private int* Counter(int index) => (int*)(segment.Address + index * CounterBytes);

    private static long RingOffset(int ranks) => Rounded((CountersOfAll + (long)ranks * CountersOfRank) * CounterBytes);

    private static long BufferBytes(long floats) => Rounded(floats * sizeof(float));

    private static long Rounded(long bytes) => (bytes + PageBytes - 1) / PageBytes * PageBytes;
}
