using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Models;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>The kernels of a model, compiled for its shape.</summary>
internal sealed class CudaKernels
{
    /// <summary>Rows of queries that a block of attention_prefill has: the query heads of a group for a few tokens.</summary>
    private const int TileRows = 64;

    /// <summary>Elements by which its rows in shared memory are longer than a head.</summary>
    private const int Padding = 8;

    public CudaKernels(CudaDevice device, ModelConfig config, WeightDtype activations, KvDtype kv)
    {
        var group = config.Heads / config.KvHeads;
        ActivationDefinition = $"ACT={TypeName(activations)}";
        var (act, kvt, head, heads) = (ActivationDefinition, $"KVT={KvTypeName(kv)}", $"HEAD_DIM={config.HeadDim}", $"GROUP={group}");
        Norm = new CudaKernel("rms_norm", device.Modules.Load("norm.cu", act));
        Embed = new CudaKernel("embed", device.Modules.Load("embed.cu", act));
        SwiGlu = new CudaKernel("swiglu", device.Modules.Load("swiglu.cu", act));
        RopeWrite = new CudaKernel("rope_write", device.Modules.Load("rope.cu", kvt, head));
        var decode = device.Modules.Load("attention_decode.cu", act, kvt, head, heads);
        (AttentionDecode, AttentionJoin) = (new CudaKernel("attention_decode", decode), new CudaKernel("attention_join", decode));
        if (kv == KvDtype.F32 || config.HeadDim % 16 != 0 || group > TileRows) return;
        TileTokens = TileRows / group;
        PrefillSharedBytes = (TileRows + 4 * TileRows) * (config.HeadDim + Padding) * sizeof(ushort);
        AttentionPrefill = new CudaKernel("attention_prefill", device.Modules.Load("attention_prefill.cu", act, kvt, head, heads)) { MaxDynamicSharedSizeBytes = PrefillSharedBytes };
    }

    public string ActivationDefinition { get; }

    public CudaKernel Norm { get; }

    public CudaKernel Embed { get; }

    public CudaKernel SwiGlu { get; }

    public CudaKernel RopeWrite { get; }

    public CudaKernel AttentionDecode { get; }

    public CudaKernel AttentionJoin { get; }

    /// <summary>Null where the tensor cores have no type for the keys, or heads don't fit them.</summary>
    public CudaKernel? AttentionPrefill { get; }

    /// <summary>Tokens of a tile of <see cref="AttentionPrefill"/>; 0 without it.</summary>
    public int TileTokens { get; }

    public int PrefillSharedBytes { get; }

    private static string TypeName(WeightDtype dtype) => dtype switch
    {
        WeightDtype.F32 => "float",
        WeightDtype.F16 => "f16",
        _ => "bf16",
    };

    private static string KvTypeName(KvDtype dtype) => dtype switch
    {
        KvDtype.F32 => "float",
        KvDtype.F16 => "f16",
        KvDtype.F8 => "f8",
        _ => "bf16",
    };
}
