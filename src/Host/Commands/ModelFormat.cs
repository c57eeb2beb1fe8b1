namespace ActorInference.Host.Commands;

/// <summary>Forms that a model's files have.</summary>
public enum ModelFormat
{
    /// <summary>A folder in Hugging Face form.</summary>
    Safetensors,

    /// <summary>One file.</summary>
    Gguf,
}
