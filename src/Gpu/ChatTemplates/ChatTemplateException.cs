namespace ActorInference.Gpu.ChatTemplates;

/// <summary>
/// A chat template refuses the messages (<c>raise_exception</c>), or cannot be rendered with them. The message is one line.
/// </summary>
public sealed class ChatTemplateException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>An error inside a rendering, before the line of the template is known.</summary>
/// <param name="message">One line.</param>
/// <param name="isRefusal">Whether the template itself raised it, so that its words stand alone.</param>
internal sealed class TemplateFault(string message, bool isRefusal = false) : Exception(message)
{
    public bool IsRefusal { get; } = isRefusal;
}
