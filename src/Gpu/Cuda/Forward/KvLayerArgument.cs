using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>KvLayer of paging.cuh: where one layer's keys and values are.</summary>
/// <param name="Keys">Address of the first page's keys of this layer.</param>
/// <param name="PageElements">Elements from a page to the next.</param>
/// <param name="PlaneElements">Elements from keys to values.</param>
/// <param name="PageShift">Binary logarithm of a page's tokens.</param>
/// <param name="KvHeads">Key heads.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KvLayerArgument(ulong Keys, long PageElements, int PlaneElements, int PageShift, int KvHeads);
