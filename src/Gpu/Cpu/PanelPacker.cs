using System.Runtime.CompilerServices;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>Where one output's weights come from.</summary>
/// <param name="row">First of the inputs, unaligned; null for an output that is only padding.</param>
/// <param name="dtype">Their type.</param>
internal readonly unsafe struct OutputSource(byte* row, WeightDtype dtype)
{
    public readonly byte* Row = row;
    public readonly WeightDtype Dtype = dtype;
}

/// <summary>Transposes rows of weights into the panels of a <see cref="PackedMatrix"/>.</summary>
internal static unsafe class PanelPacker
{
    /// <summary>Inputs at a time, so that the strip of the panel being written stays in the first-level cache.</summary>
    private const int StripInputs = 256;

    /// <param name="target">Filled.</param>
    /// <param name="sources">One for each column of each panel. Types are the target's, or the target is F32.</param>
    public static void Pack(PackedMatrix target, OutputSource[] sources) =>
        Parallel.For(0, target.Panels, panel => PackPanel(target, sources, panel));

    private static void PackPanel(PackedMatrix target, OutputSource[] sources, int panel)
    {
        for (var first = 0; first < target.Inputs; first += StripInputs)
        {
            var count = Math.Min(StripInputs, target.Inputs - first);
            var strip = target.Panel(panel) + (long)first * target.RowBytes;
            for (var column = 0; column < target.PanelColumns; column++)
            {
                var source = sources[panel * target.PanelColumns + column];
                if (source.Row == null) continue;
                var element = PackedMatrix.ElementIndex(target.Dtype, column, target.PanelColumns);
                PackColumn(target, source, first, count, strip, element);
            }
        }
    }

    private static void PackColumn(PackedMatrix target, OutputSource source, int first, int count, byte* strip, int element)
    {
        if (source.Dtype.IsQuantized())
        {
            var values = stackalloc float[StripInputs];
            BlockReader.Widen(source.Dtype, source.Row + source.Dtype.RowBytes(first), count, values);
            var floats = (float*)strip + element;
            for (var i = 0; i < count; i++) floats[i * target.PanelColumns] = values[i];
        }
        else if (target.Dtype != source.Dtype)
        {
            var floats = (float*)strip + element;
            for (var i = 0; i < count; i++) floats[i * target.PanelColumns] = WeightReader.Widen(source.Dtype, source.Row, first + i);
        }
        else if (target.Dtype == WeightDtype.F32)
        {
            Copy((uint*)(source.Row + 4L * first), count, (uint*)strip + element, target.PanelColumns);
        }
        else
        {
            Copy((ushort*)(source.Row + 2L * first), count, (ushort*)strip + element, target.PanelColumns);
        }
    }

    // Loading is over before tiered compilation would have noticed that it is hot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<T>(T* source, int count, T* target, int stride)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++) target[(nint)i * stride] = Unsafe.ReadUnaligned<T>(source + i);
    }
}
