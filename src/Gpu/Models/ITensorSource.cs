namespace ActorInference.Gpu.Models;

/// <summary>A model's tensors by their Hugging Face names, wherever they are kept.</summary>
internal interface ITensorSource : IDisposable
{
    /// <summary>The tensor's place.</summary>
    /// <exception cref="ModelFormatException">There is no such tensor.</exception>
    (string Path, TensorEntry Entry) Find(string name);

    /// <summary>Maps a tensor's data; dispose the view, which may be later than this, to drop its pages.</summary>
    TensorView Map(string name);

    /// <summary>Whether norms are what activations are multiplied with. Else a Gemma's are less one, as Hugging Face has them.</summary>
    bool HasWholeNorms { get; }

    /// <summary>The order of the tensor's rows in its data.</summary>
    RowOrder Order(string name);
}
