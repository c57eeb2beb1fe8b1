using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

/// <summary>How a name is written.</summary>
internal enum NameTag : byte
{
    None = 0,
    Literal = 1,
    Define = 2,
    Known = 3,
    AbsoluteLiteral = 4,
    AbsoluteDefine = 5,
}

/// <summary>What the slots of a connection stand for, on the side that reads.</summary>
internal sealed class NameTable<T>
    where T : class
{
    private readonly T[] _slots = new T[NameTable.Slots];

    public T this[ulong slot] => slot < NameTable.Slots && _slots[slot] is { } known
        ? known
        : throw new WireFormatException($"Slot {slot} stands for nothing.");

    public T Define(ulong slot, T value) => slot < NameTable.Slots
        ? _slots[slot] = value
        : throw new WireFormatException($"Slot {slot} does not exist; the last is {NameTable.Slots - 1}.");
}

internal static class NameTable
{
    /// <summary>A power of two.</summary>
    public const int Slots = 1024;
}
