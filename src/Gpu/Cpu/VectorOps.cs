using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>Element-wise kernels. Lengths called padded are multiples of <c>S.Count</c>; others are free.</summary>
/// <remarks>SAFETY: pointers cover the lengths given with them; outputs may be inputs only where said.</remarks>
internal static unsafe class VectorOps<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float RoundingMagic = 12582912f;   // 1.5 * 2^23: adding it leaves a rounded integer in the lowest bits.
    private const float ExpUnderflow = -87f;
    private const float ExpLargest = 88f;

    /// <summary>y = x / sqrt(mean(x^2) + eps) * weight. May be in place. The padding of x and weight must be zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, float* y, int length, int padded, float eps)
    {
        V s0 = S.Zero, s1 = S.Zero;
        var i = 0;
        for (; i <= padded - 2 * S.Count; i += 2 * S.Count)
        {
            V x0 = S.Load(x + i), x1 = S.Load(x + i + S.Count);
            s0 = S.Fma(x0, x0, s0);
            s1 = S.Fma(x1, x1, s1);
        }

        for (; i < padded; i += S.Count)
        {
            var x0 = S.Load(x + i);
            s0 = S.Fma(x0, x0, s0);
        }

        var scale = S.Broadcast(1 / MathF.Sqrt(S.Sum(S.Add(s0, s1)) / length + eps));
        for (i = 0; i < padded; i += S.Count) S.Store(S.Mul(S.Mul(S.Load(x + i), scale), S.Load(weight + i)), y + i);
    }

    /// <summary>The same for one head, whose length is free and which lies between others. In place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void HeadNorm(float* x, float* weight, int length, float eps)
    {
        var s = S.Zero;
        var i = 0;
        for (; i <= length - S.Count; i += S.Count)
        {
            var v = S.Load(x + i);
            s = S.Fma(v, v, s);
        }

        var sum = S.Sum(s);
        for (; i < length; i++) sum += x[i] * x[i];
        var scale = 1 / MathF.Sqrt(sum / length + eps);
        var scales = S.Broadcast(scale);
        for (i = 0; i <= length - S.Count; i += S.Count) S.Store(S.Mul(S.Mul(S.Load(x + i), scales), S.Load(weight + i)), x + i);
        for (; i < length; i++) x[i] = x[i] * scale * weight[i];
    }

    /// <summary>
    /// Rotates the pairs (x[i], x[i + half]) in place: the half-split layout of Hugging Face weights, from
    /// RoFormer (Su et al., 2021).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(float* x, float* cos, float* sin, int half)
    {
        var i = 0;
        for (; i <= half - S.Count; i += S.Count)
        {
            V a = S.Load(x + i), b = S.Load(x + half + i), c = S.Load(cos + i), s = S.Load(sin + i);
            S.Store(S.Sub(S.Mul(a, c), S.Mul(b, s)), x + i);
            S.Store(S.Fma(b, c, S.Mul(a, s)), x + half + i);
        }

        for (; i < half; i++)
        {
            float a = x[i], b = x[half + i];
            x[i] = a * cos[i] - b * sin[i];
            x[half + i] = b * cos[i] + a * sin[i];
        }
    }

    /// <summary>y = x * factor, length free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, float* y, int length)
    {
        var f = S.Broadcast(factor);
        var i = 0;
        for (; i <= length - S.Count; i += S.Count) S.Store(S.Mul(S.Load(x + i), f), y + i);
        for (; i < length; i++) y[i] = x[i] * factor;
    }

    /// <summary>End of a product: y = c + bias. Widths padded; bias may be null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreTile(float* c, nint ldc, int rows, int columns, float* bias, float* y, nint ldy)
    {
        for (; rows > 0; rows--, c += ldc, y += ldy)
        {
            for (var i = 0; i < columns; i += S.Count)
                S.Store(bias == null ? S.Load(c + i) : S.Add(S.Load(c + i), S.Load(bias + i)), y + i);
        }
    }

    /// <summary>End of a product that joins the residual stream: y += c + bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddTile(float* c, nint ldc, int rows, int columns, float* bias, float* y, nint ldy)
    {
        for (; rows > 0; rows--, c += ldc, y += ldy)
        {
            for (var i = 0; i < columns; i += S.Count)
            {
                var sum = bias == null ? S.Load(c + i) : S.Add(S.Load(c + i), S.Load(bias + i));
                S.Store(S.Add(S.Load(y + i), sum), y + i);
            }
        }
    }

    /// <summary>
    /// End of the gate and up product, whose panels alternate: y = G(gate + bias) * (up + bias), half as wide as c.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GatedTile<G>(float* c, nint ldc, int rows, int columns, float* bias, float* y, nint ldy)
        where G : struct, IGate<V>
    {
        var panel = 2 * S.Count;
        for (; rows > 0; rows--, c += ldc, y += ldy)
        {
            for (var i = 0; i < columns; i += 2 * panel)
            {
                for (var j = i; j < i + panel; j += S.Count)
                {
                    V gate = S.Load(c + j), up = S.Load(c + j + panel);
                    if (bias != null) (gate, up) = (S.Add(gate, S.Load(bias + j)), S.Add(up, S.Load(bias + j + panel)));
                    S.Store(S.Mul(G.Apply(gate), up), y + i / 2 + (j - i));
                }
            }
        }
    }

    /// <summary>Writes a panel's rows as floats, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenPanel<P>(byte* panel, nint rows, float* target)
        where P : struct, IPanel<V>
    {
        for (; rows > 0; rows--, panel += P.RowBytes, target += 2 * S.Count)
        {
            S.Store(P.Low(panel), target);
            S.Store(P.High(panel), target + S.Count);
        }
    }

    /// <summary>x = cap tanh(x / cap), in place; tanh(y) = 1 - 2 / (e^2y + 1). Padded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftCap(float* x, int padded, float cap)
    {
        V one = S.Broadcast(1), two = S.Broadcast(2), caps = S.Broadcast(cap), scale = S.Broadcast(2 / cap);
        for (var i = 0; i < padded; i += S.Count)
        {
            var e = Exp(S.Mul(S.Load(x + i), scale));
            S.Store(S.Mul(caps, S.Sub(one, S.Div(two, S.Add(e, one)))), x + i);
        }
    }

    /// <summary>
    /// e^x within 2 ulp: x = n ln 2 + r after Cody and Waite, a polynomial for e^r (coefficients of Cephes' expf),
    /// n added to the exponent. 0 below -87; at 88 it stays.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Exp(V x)
    {
        var clamped = S.Max(S.Min(x, S.Broadcast(ExpLargest)), S.Broadcast(ExpUnderflow));
        var shifted = S.Fma(clamped, S.Broadcast(Log2E), S.Broadcast(RoundingMagic));
        var n = S.Sub(shifted, S.Broadcast(RoundingMagic));
        var r = S.Fma(n, S.Broadcast(-Ln2Low), S.Fma(n, S.Broadcast(-Ln2High), clamped));
        var p = S.Fma(S.Broadcast(1.9875691500e-4f), r, S.Broadcast(1.3981999507e-3f));
        p = S.Fma(p, r, S.Broadcast(8.3334519073e-3f));
        p = S.Fma(p, r, S.Broadcast(4.1665795894e-2f));
        p = S.Fma(p, r, S.Broadcast(1.6666665459e-1f));
        p = S.Fma(p, r, S.Broadcast(5.0000001201e-1f));
        p = S.Add(S.Fma(p, S.Mul(r, r), r), S.Broadcast(1));
        return S.ZeroWhereBelow(x, S.Broadcast(ExpUnderflow), S.AddToExponent(p, shifted));
    }
}
