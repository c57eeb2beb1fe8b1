namespace ActorInference.Gpu.Models;

/// <summary>A model's files cannot be used. The message is one line for the user: where, what is there, what was expected.</summary>
public sealed class ModelFormatException(string file, string field, string value, string expected, Exception? cause = null)
    : Exception($"{file}: {field} is {value}; expected {expected}.", cause)
{
    /// <summary>Path of the offending file.</summary>
    public string File { get; } = file;

    /// <summary>Field, tensor or part of the file.</summary>
    public string Field { get; } = field;
}
