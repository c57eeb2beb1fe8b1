using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Models;

/// <summary>A model's files, whichever form they have.</summary>
public static class ModelFiles
{
    /// <summary>The tensors that a model of this configuration has, as its files list them.</summary>
    /// <param name="model">A Hugging Face model folder, or a GGUF file.</param>
    /// <exception cref="ModelFormatException">A file breaks its format, or a tensor is missing.</exception>
    public static IReadOnlyList<TensorEntry> Tensors(string model, ModelConfig config)
    {
        using var source = Open(model, config);
        return [.. ModelTensors.All(config).Select(spec => source.Find(spec.Name).Entry)];
    }

    internal static ITensorSource Open(string model, ModelConfig config) =>
        GgufFile.Find(model) is { } file ? GgufTensors.Open(file, config)
        : config.Architecture == ModelArchitecture.Phi3 ? new FusedTensors(TensorFolder.Open(model), config)
        : TensorFolder.Open(model);
}
