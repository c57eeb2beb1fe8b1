namespace ActorInference.Gpu.Cpu;

/// <summary>
/// The vector operations that kernels are written in, so that one source serves every width. An implementation is a
/// struct, which the JIT specializes and inlines down to single instructions.
/// </summary>
/// <typeparam name="V">A vector of <see cref="Count"/> floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    static abstract V Zero { get; }

    static abstract V Load(float* source);

    static abstract void Store(V value, float* target);

    static abstract V Broadcast(float value);

    static abstract V Add(V a, V b);

    static abstract V Sub(V a, V b);

    static abstract V Mul(V a, V b);

    static abstract V Div(V a, V b);

    static abstract V Max(V a, V b);

    static abstract V Min(V a, V b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract V Fma(V a, V b, V c);

    /// <summary>Sum over the lanes, always in the same order.</summary>
    static abstract float Sum(V value);

    /// <summary>Largest of the lanes.</summary>
    static abstract float Largest(V value);

    /// <summary>Each lane of <paramref name="value"/>, or 0 where x is below the limit.</summary>
    static abstract V ZeroWhereBelow(V x, V limit, V value);

    /// <summary>Multiplies each lane by two to the power held in the lowest bits of <paramref name="exponent"/>'s lane.</summary>
    static abstract V AddToExponent(V value, V exponent);

    /// <summary>Widens the lower halves of <see cref="Count"/> pairs of BF16.</summary>
    static abstract V LowBF16(byte* pairs);

    /// <summary>Widens the upper halves of <see cref="Count"/> pairs of BF16.</summary>
    static abstract V HighBF16(byte* pairs);

    static abstract V LowF16(byte* pairs);

    static abstract V HighF16(byte* pairs);

    /// <summary>Widens <see cref="Count"/> neighbouring BF16.</summary>
    static abstract V LoadBF16(ushort* source);

    /// <summary>Widens <see cref="Count"/> neighbouring F16, which must be finite.</summary>
    static abstract V LoadF16(ushort* source);

    /// <summary>Widens <see cref="Count"/> neighbouring signed bytes.</summary>
    static abstract V LoadI8(sbyte* source);
}
