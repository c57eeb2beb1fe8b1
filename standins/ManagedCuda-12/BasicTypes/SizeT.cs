namespace ManagedCuda.BasicTypes;

/// <summary>size_t: as wide as an address.</summary>
public struct SizeT
{
    private UIntPtr _value;

    public SizeT(int value) => _value = (UIntPtr)checked((uint)value);

    public SizeT(uint value) => _value = value;

    public SizeT(long value) => _value = (UIntPtr)checked((ulong)value);

    public SizeT(ulong value) => _value = (UIntPtr)value;

    public static implicit operator int(SizeT t) => checked((int)t._value);

    public static implicit operator uint(SizeT t) => checked((uint)t._value);

    public static implicit operator long(SizeT t) => checked((long)t._value);

    public static implicit operator ulong(SizeT t) => t._value;

    public static implicit operator SizeT(int value) => new(value);

    public static implicit operator SizeT(uint value) => new(value);

    public static implicit operator SizeT(long value) => new(value);

    public static implicit operator SizeT(ulong value) => new(value);

    public override readonly string ToString() => _value.ToString();
}
