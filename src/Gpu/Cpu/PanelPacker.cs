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
    /// <returns>False if a weight is infinite or NaN.</returns>
    public static bool Pack(PackedMatrix target, OutputSource[] sources)
    {
        var bad = 0;
        Parallel.For(0, target.Panels, panel =>
        {
            if (!PackPanel(target, sources.AsSpan(panel * target.PanelColumns, target.PanelColumns), panel)) Interlocked.Exchange(ref bad, 1);
        });
        return bad == 0;
    }

    private static bool PackPanel(PackedMatrix target, ReadOnlySpan<OutputSource> sources, int panel)
    {
        var finite = true;
        var isPlain = AreAll(sources, target.Dtype);
        for (var first = 0; first < target.Inputs; first += StripInputs)
        {
            var count = Math.Min(StripInputs, target.Inputs - first);
            var strip = target.Panel(panel) + (long)first * target.RowBytes;
            finite &= AreFinite(sources, first, count);
            var whole = isPlain ? PanelTranspose.Strip(target, sources, first, count, strip) : 0;
            for (var column = 0; column < target.PanelColumns && whole < count; column++)
            {
                if (sources[column].Row == null) continue;
                var element = PackedMatrix.ElementIndex(target.Dtype, column, target.PanelColumns);
                PackColumn(target, sources[column], first + whole, count - whole, strip + (long)whole * target.RowBytes, element);
            }
        }

        return finite;
    }

    private static bool AreAll(ReadOnlySpan<OutputSource> sources, WeightDtype dtype)
    {
        foreach (var source in sources)
        {
            if (source.Row == null || source.Dtype != dtype) return false;
        }

        return true;
    }

    private static bool AreFinite(ReadOnlySpan<OutputSource> sources, int first, int count)
    {
        foreach (var source in sources)
        {
            if (source.Row == null) continue;
            var finite = source.Dtype.IsQuantized()
                ? BlockReader.AllFinite(source.Dtype, source.Row + source.Dtype.RowBytes(first), count)
                : WeightReader.AllFinite(source.Dtype, source.Row + source.Dtype.RowBytes(first), count);
            if (!finite) return false;
        }

        return true;
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
