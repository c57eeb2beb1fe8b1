using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;

namespace ActorInference.Gpu.Models;

/// <summary>What a tensor must be before any backend takes it.</summary>
internal static unsafe class WeightCheck
{
    /// <summary>Checks a tensor's type and shape; its data are not read.</summary>
    /// <returns>The tensor's bytes.</returns>
    /// <exception cref="ModelFormatException">It is missing, or not as the model's configuration says.</exception>
    public static long Check(ITensorSource tensors, TensorSpec spec)
    {
        var (path, entry) = tensors.Find(spec.Name);
        if (!WeightDtypes.TryParse(entry.Dtype, out var dtype) || (dtype.IsQuantized() && spec.Shape.Length == 1))
            throw new ModelFormatException(path, $"{entry.Name}.dtype", entry.Dtype, "F32, F16 or BF16");
        if (!entry.Shape.SequenceEqual(spec.Shape.Select(dimension => (long)dimension)))
            throw new ModelFormatException(path, $"{entry.Name}.shape", entry.ShapeText, $"[{string.Join(", ", spec.Shape)}] as the model's configuration says");
        return entry.LengthBytes;
    }

    /// <summary>Maps a checked tensor whose numbers are numbers.</summary>
    /// <exception cref="ModelFormatException">One of them is infinite or none.</exception>
    public static TensorView Map(ITensorSource tensors, string name)
    {
        var view = tensors.Map(name);
        if (IsFinite(view)) return view;
        view.Dispose();
        throw NotFinite(tensors, name);
    }

    public static bool IsFinite(TensorView view)
    {
        if (!WeightDtypes.TryParse(view.Entry.Dtype, out var dtype)) throw new InvalidOperationException($"{view.Entry.Name} was not checked.");
        var elements = view.Entry.LengthBytes / dtype.BlockBytes() * dtype.BlockElements();
        return dtype.IsQuantized() ? BlockReader.AllFinite(dtype, view.Data, elements) : WeightReader.AllFinite(dtype, view.Data, elements);
    }

    /// <summary>The error for a tensor that is not.</summary>
    public static ModelFormatException NotFinite(ITensorSource tensors, string name) =>
        new(tensors.Find(name).Path, tensors.Find(name).Entry.Name, "not finite somewhere", "weights without infinities and NaN");
}
