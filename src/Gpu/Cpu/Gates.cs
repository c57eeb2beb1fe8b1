using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>What becomes of the gate of a feed-forward layer.</summary>
internal interface IGate<V>
    where V : struct
{
    static abstract V Apply(V x);
}

/// <summary>x / (1 + e^-x).</summary>
internal readonly struct SiluGate<S, V> : IGate<V>
    where S : struct, ISimd<V>
    where V : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply(V x) => S.Div(x, S.Add(S.Broadcast(1), VectorOps<S, V>.Exp(S.Sub(S.Zero, x))));
}

/// <summary>GELU by tanh (Hendrycks and Gimpel, 2016): x / (1 + e^-2u) with u = sqrt(2 / pi) (x + 0.044715 x^3).</summary>
internal readonly struct GeluGate<S, V> : IGate<V>
    where S : struct, ISimd<V>
    where V : struct
{
    private const float MinusTwoRoot = -1.5957691216f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply(V x)
    {
        var inner = S.Mul(x, S.Fma(S.Mul(x, x), S.Broadcast(0.044715f), S.Broadcast(1)));
        return S.Div(x, S.Add(S.Broadcast(1), VectorOps<S, V>.Exp(S.Mul(inner, S.Broadcast(MinusTwoRoot)))));
    }
}
