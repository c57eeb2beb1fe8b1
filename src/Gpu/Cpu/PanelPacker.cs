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

    /// <summary>Packs some inputs of one panel.</summary>
    /// <param name="sources">One for each column. Types are the target's, or the target is F32.</param>
    /// <param name="first">Of the inputs, the first of a block.</param>
    /// <param name="strip">The row of the panel that the first input becomes. Columns without a source are left as they are.</param>
    public static void Pack(PackedMatrix target, ReadOnlySpan<OutputSource> sources, int first, int count, byte* strip)
    {
        var isPlain = AreAll(sources, target.Dtype);
        for (var end = first + count; first < end; first += StripInputs, strip += (long)StripInputs * target.RowBytes)
            PackStrip(target, sources, isPlain, first, Math.Min(StripInputs, end - first), strip);
    }

    private static void PackStrip(PackedMatrix target, ReadOnlySpan<OutputSource> sources, bool isPlain, int first, int count, byte* strip)
    {
        var whole = isPlain ? PanelTranspose.Strip(target, sources, first, count, strip) : 0;
        for (var column = 0; column < target.PanelColumns && whole < count; column++)
        {
            if (sources[column].Row == null) continue;
            var element = PackedMatrix.ElementIndex(target.Dtype, column, target.PanelColumns);
            PackColumn(target, sources[column], first + whole, count - whole, strip + (long)whole * target.RowBytes, element);
        }
    }

    private static bool AreAll(ReadOnlySpan<OutputSource> sources, WeightDtype dtype)
    {
        foreach (var source in sources)
        {
            if (source.Row == null || source.Dtype != dtype) return false;
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
