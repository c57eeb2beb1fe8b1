using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>Moves keys and values between floats and the element type of pages.</summary>
internal static unsafe class KvElements
{
    /// <summary>Narrows floats into a plane of a page.</summary>
    /// <param name="plane">Keys or values of one layer.</param>
    /// <param name="element">Index in it of the first element written.</param>
    public static void Store(KvDtype dtype, float* source, byte* plane, int element, int count)
    {
        switch (dtype)
        {
            case KvDtype.F32:
                Buffer.MemoryCopy(source, (float*)plane + element, (long)count * sizeof(float), (long)count * sizeof(float));
                break;
            case KvDtype.F16:
                for (var i = 0; i < count; i++) ((ushort*)plane + element)[i] = HalfFormat.ToF16(source[i]);
                break;
            default:
                for (var i = 0; i < count; i++) ((ushort*)plane + element)[i] = HalfFormat.ToBF16(source[i]);
                break;
        }
    }
}
