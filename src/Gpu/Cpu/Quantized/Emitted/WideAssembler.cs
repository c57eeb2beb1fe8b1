using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu.Quantized.Emitted;

/// <summary>A general register, by its number in instructions.</summary>
internal enum Gpr : byte
{
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
}

/// <summary>Where an operand is: base + scale * index + offset.</summary>
internal readonly record struct At(Gpr Base, int Offset, Gpr? Index = null, int Scale = 1);

/// <summary>
/// Writes the few instructions of AVX-512 that kernels need and that .NET has no intrinsics for, with what is around them. Encodings as in Intel's
/// manual (volume 2, chapter 2.7); vectors are zmm0 to zmm31, and offsets of memory are written as short as they go.
/// </summary>
internal sealed class WideAssembler
{
    private const int None = 0, Prefix66 = 1, PrefixF3 = 2;
    private const int Map0F = 1, Map38 = 2, Map3A = 3;
    private const int Half = 1, Full = 2;

    private readonly List<byte> _code = [];

    public int Length => _code.Count;

    public byte[] ToArray() => [.. _code];

    /// <summary>Each 32-bit sum += four unsigned bytes of <paramref name="bytes"/> times the four signed ones at <paramref name="word"/>.</summary>
    public void DotBytes(int sums, int bytes, At word) => Memory(Map38, Prefix66, false, Full, 0x50, sums, bytes, word, sizeof(int), broadcast: true);

    /// <summary>target = the number at <paramref name="at"/> in all lanes.</summary>
    public void Broadcast(int target, At at) => Memory(Map38, Prefix66, false, Full, 0x58, target, 0, at, sizeof(int), broadcast: false);

    public void LoadHalf(int target, At at) => Memory(Map0F, PrefixF3, false, Half, 0x6f, target, 0, at, 32, broadcast: false);

    /// <summary>The upper 32 bytes become those at <paramref name="at"/>; the lower are those of <paramref name="lower"/>.</summary>
    public void InsertUpper(int target, int lower, At at)
    {
        Memory(Map3A, Prefix66, true, Full, 0x3a, target, lower, at, 32, broadcast: false);
        _code.Add(1);
    }

    public void InsertUpper(int target, int lower, int upper)
    {
        Registers(Map3A, Prefix66, true, Full, 0x3a, target, lower, upper);
        _code.Add(1);
    }

    public void Xor(int target, int a, int b) => Registers(Map0F, Prefix66, false, Full, 0xef, target, a, b);

    /// <summary>Eight F16 numbers as floats.</summary>
    public void WidenHalves(int target, At at) => Memory(Map38, Prefix66, false, Half, 0x13, target, 0, at, 16, broadcast: false);

    public void ToFloats(int target, int source) => Registers(Map0F, None, false, Full, 0x5b, target, 0, source);

    /// <summary>target = a times the float at <paramref name="factor"/>.</summary>
    public void Multiply(int target, int a, At factor) => Memory(Map0F, None, false, Full, 0x59, target, a, factor, sizeof(float), broadcast: true);

    /// <summary>sum += a * b, rounded once.</summary>
    public void MultiplyAdd(int sum, int a, int b) => Registers(Map38, Prefix66, false, Full, 0xb8, sum, a, b);

    public void Load(int target, At at) => Memory(Map0F, None, false, Full, 0x10, target, 0, at, 64, broadcast: false);

    public void Store(int source, At at) => Memory(Map0F, None, false, Full, 0x11, source, 0, at, 64, broadcast: false);

    /// <summary>Clears upper halves, so that code without AVX-512 is not slow afterwards.</summary>
    public void ClearUpper() => _code.AddRange([0xc5, 0xf8, 0x77]);

    public void Load(Gpr target, At at)
    {
        Rex(true, (int)target, at);
        _code.Add(0x8b);
        Address((int)target, at, 1);
    }

    public void Add(Gpr target, int value)
    {
        _code.AddRange([(byte)(0x48 | (int)target >> 3), 0x81, (byte)(0xc0 | (int)target & 7)]);
        AddInt(value);
    }

    public void Add(Gpr target, Gpr value) => _code.AddRange([(byte)(0x48 | (int)target >> 3 | (int)value >> 3 << 2), 0x01, (byte)(0xc0 | ((int)value & 7) << 3 | (int)target & 7)]);

    public void Prefetch(At at)
    {
        Rex(false, 0, at);
        _code.AddRange([0x0f, 0x18]);
        Address(1, at, 1);
    }

    /// <summary>Counts down, and goes to <paramref name="start"/> until it is 0.</summary>
    public void Loop(Gpr count, int start)
    {
        _code.AddRange([(byte)(0x48 | (int)count >> 3), 0xff, (byte)(0xc8 | (int)count & 7), 0x0f, 0x85]);
        AddInt(start - (_code.Count + sizeof(int)));
    }

    public void Return() => _code.Add(0xc3);

    private void Registers(int map, int prefix, bool wide, int length, byte opcode, int target, int a, int b)
    {
        Evex(map, prefix, wide, length, target, a, b >> 3 & 1, b >> 4 & 1, broadcast: false);
        _code.AddRange([opcode, (byte)(0xc0 | (target & 7) << 3 | b & 7)]);
    }

    private void Memory(int map, int prefix, bool wide, int length, byte opcode, int target, int a, At at, int unit, bool broadcast)
    {
        Evex(map, prefix, wide, length, target, a, (int)at.Base >> 3, (int)(at.Index ?? 0) >> 3, broadcast);
        _code.Add(opcode);
        Address(target, at, unit);
    }

    private void Evex(int map, int prefix, bool wide, int length, int target, int a, int b, int x, bool broadcast)
    {
        _code.Add(0x62);
        // All register bits are stored inverted.
        _code.Add((byte)((target >> 3 & 1 ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | (target >> 4 & 1 ^ 1) << 4 | map));
        _code.Add((byte)((wide ? 0x80 : 0) | (~a & 15) << 3 | 4 | prefix));
        _code.Add((byte)(length << 5 | (broadcast ? 0x10 : 0) | (a >> 4 & 1 ^ 1) << 3));
    }

    private void Rex(bool wide, int reg, At at)
    {
        var bits = reg >> 3 << 2 | (int)(at.Index ?? 0) >> 3 << 1 | (int)at.Base >> 3;
        if (wide || bits != 0) _code.Add((byte)(0x40 | (wide ? 8 : 0) | bits));
    }

    /// <param name="unit">What an offset of one byte counts.</param>
    private void Address(int reg, At at, int unit)
    {
        var isShort = at.Offset % unit == 0 && at.Offset / unit is >= sbyte.MinValue and <= sbyte.MaxValue;
        var mode = (isShort ? 0x40 : 0x80) | (reg & 7) << 3;
        if (at.Index is { } index) _code.AddRange([(byte)(mode | 4), (byte)(int.Log2(at.Scale) << 6 | ((int)index & 7) << 3 | (int)at.Base & 7)]);
        else _code.Add((byte)(mode | (int)at.Base & 7));
        if (isShort) _code.Add((byte)(at.Offset / unit));
        else AddInt(at.Offset);
    }

    private void AddInt(int value) => _code.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
}
