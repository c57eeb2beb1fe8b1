using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>
/// A model's chat template: the part of Jinja2 that such templates use, rendered as Hugging Face transformers does
/// (trim_blocks, lstrip_blocks, loop controls, no escaping). Parsed once; immutable, so many threads may render it.
/// Output length, loop iterations and depth are limited, so that no template can hang its process.
/// </summary>
public sealed class ChatTemplate
{
    private const string Expected = "a chat template";
    private readonly IReadOnlyList<Statement> _body;

    private ChatTemplate(IReadOnlyList<Statement> body) => _body = body;

    /// <summary>
    /// Reads chat_template.jinja, else the field chat_template of tokenizer_config.json: a string, or a list of
    /// {name, template}, of which the one named "default" counts.
    /// </summary>
    /// <param name="folder">A model's folder in Hugging Face form, or its GGUF file.</param>
    /// <returns>Null if the folder has no template.</returns>
    /// <exception cref="ModelFormatException">A file is broken: which, in which line, and what was expected.</exception>
    public static ChatTemplate? Load(string folder)
    {
        if (GgufFile.Find(folder) is { } gguf)
        {
            using var file = GgufFile.Open(gguf);
            const string key = "tokenizer.chat_template";
            return file.Metadata.Text(key) is { } embedded ? Parse(embedded, new TemplateSource(gguf, key + " ")) : null;
        }

        var jinja = Path.Combine(folder, "chat_template.jinja");
        if (Read(jinja) is { } source) return Parse(source, new TemplateSource(jinja, ""));
        var config = Path.Combine(folder, "tokenizer_config.json");
        if (Read(config) is not { } json) return null;
        return FromConfig(json, config) is { } text ? Parse(text, new TemplateSource(config, "chat_template ")) : null;
    }

    /// <summary>The text that <see cref="Load"/> parses, of a model's folder.</summary>
    /// <returns>Null if the folder has no template.</returns>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    public static string? LoadText(string folder)
    {
        var config = Path.Combine(folder, "tokenizer_config.json");
        return Read(Path.Combine(folder, "chat_template.jinja")) ?? (Read(config) is { } json ? FromConfig(json, config) : null);
    }

    /// <summary>Parses a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="name">Where it comes from, for errors.</param>
    /// <exception cref="ModelFormatException">It is broken: in which line, and what was expected.</exception>
    public static ChatTemplate Parse(string source, string name) => Parse(source, new TemplateSource(name, ""));

    /// <summary>Writes the conversation as the model was trained to read it.</summary>
    /// <exception cref="ChatTemplateException">The template refuses the input, fails on it, or exceeds a limit.</exception>
    public string Render(ChatTemplateInput input) => Render(input, TimeProvider.System);

    internal string Render(ChatTemplateInput input, TimeProvider clock)
    {
        var context = new RenderContext(clock);
        try
        {
            var scope = new Scope(Globals.Scope);
            Globals.SetInput(scope, input);
            new StatementEvaluator(context).Run(_body, scope);
            return context.Output.ToString();
        }
        catch (TemplateFault fault)
        {
            var message = PythonText.OneLine(fault.Message);
            throw new ChatTemplateException(fault.IsRefusal ? message : $"line {context.Line}: {message}", fault);
        }
    }

    private static ChatTemplate Parse(string source, TemplateSource origin) =>
        new(new StatementParser(new TokenStream(new Lexer(source, origin).Read(), origin)).ParseTemplate());

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(file, "file", $"unreadable ({PythonText.OneLine(cause.Message)})", Expected, cause);
        }
    }

    private static string? FromConfig(string json, string file)
    {
        try
        {
            var node = JsonNode.Parse(json);
            if (node is not JsonObject config) throw new ModelFormatException(file, "file", "not a JSON object", "a JSON object");
            return config["chat_template"] switch
            {
                null => null,
                JsonArray named => Default(named, file),
                JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
                var other => throw new ModelFormatException(
                    file, "chat_template", $"of kind {other.GetValueKind()}", "a string, or a list of {name, template}"),
            };
        }
        catch (JsonException cause)
        {
            throw new ModelFormatException(file, $"line {cause.LineNumber + 1}", "not JSON", "JSON", cause);
        }
        catch (Exception cause) when (cause is ArgumentException or InvalidOperationException)   // A name twice; half a surrogate pair.
        {
            throw new ModelFormatException(file, "file", $"not usable JSON ({PythonText.OneLine(cause.Message)})", "JSON with each name once", cause);
        }
    }

    private static string Default(JsonArray named, string file)
    {
        foreach (var entry in named)
        {
            if (entry is JsonObject one && IsText(one["name"], out var name) && name == "default" && IsText(one["template"], out var template))
                return template;
        }

        throw new ModelFormatException(file, "chat_template", "a list without it", "an entry {\"name\": \"default\", \"template\": \"...\"}");
    }

    private static bool IsText(JsonNode? node, out string text)
    {
        text = node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
        return node is JsonValue && node.GetValueKind() == JsonValueKind.String;
    }
}
