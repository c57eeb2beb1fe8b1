using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Models;

/// <summary>A tensor as a file has it.</summary>
/// <param name="Name">In the file.</param>
/// <param name="Shape">Outermost dimension first; three for the matrices of experts.</param>
/// <param name="Parts">The model's tensors that it is made of, one after the other.</param>
internal sealed record StoredTensor(string Name, TensorRole Role, int[] Shape, IReadOnlyList<TensorSpec> Parts)
{
    public TensorSpec Spec => new(Name, Role, Shape);
}

/// <summary>How the forms of models put their tensors together.</summary>
internal static class StoredTensors
{
    /// <summary>As Hugging Face folders have them.</summary>
    public static IReadOnlyList<StoredTensor> InFolder(ModelConfig config) =>
        Together(config, spec => FusedTensors.PlaceOf(config, spec.Name)?.Fused ?? spec.Name);

    /// <summary>As GGUF files have them.</summary>
    public static IReadOnlyList<StoredTensor> InGguf(ModelConfig config) => Together(config, spec => GgufNames.Of(config, spec.Name));

    private static IReadOnlyList<StoredTensor> Together(ModelConfig config, Func<TensorSpec, string> nameOf) =>
        [.. ModelTensors.All(config).GroupBy(nameOf).Select(group => Store(group.Key, [.. group]))];

    private static StoredTensor Store(string name, TensorSpec[] parts)
    {
        int[] one = parts[0].Shape;
        int[] shape = name.EndsWith(GgufNames.ExpertsSuffix, StringComparison.Ordinal) ? [parts.Length, .. one] : [parts.Sum(part => part.Shape[0]), .. one[1..]];
        return new StoredTensor(name, parts[0].Role, shape, parts);
    }
}
