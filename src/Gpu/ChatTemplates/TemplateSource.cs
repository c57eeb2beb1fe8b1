using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Where a template comes from: makes its errors.</summary>
/// <param name="File">Path of the file.</param>
/// <param name="Field">The field within it, with a space after it, or empty.</param>
internal sealed record TemplateSource(string File, string Field)
{
    public ModelFormatException Error(int line, string value, string expected) =>
        new(File, $"{Field}line {line}", PythonText.OneLine(value), expected);
}
