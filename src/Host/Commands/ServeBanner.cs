using ActorInference.Host.Serving;

namespace ActorInference.Host.Commands;

/// <summary>What a user reads when the server is up.</summary>
public static class ServeBanner
{
    /// <param name="model">What is served.</param>
    /// <param name="address">Where the API is.</param>
    /// <param name="operations">Lines that say where operators reach the node.</param>
    public static string Of(ServedModel model, Uri address, IEnumerable<string> operations)
    {
        var root = address.ToString().TrimEnd('/');
        var (path, body) = model.ChatTemplate is null
            ? ("/v1/completions", """{"prompt":"Once upon a time","max_tokens":60}""")
            : ("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello!"}]}""");
        return $"""
            ActorInference {ProductVersion.Text} serves the model {model.Name} (context {model.ContextTokens} tokens) on {root}
              curl {root}{path} -H 'Content-Type: application/json' -d '{body}'
            {End(operations)}
            """;
    }

    /// <summary>The last lines of any process that runs on.</summary>
    public static string End(IEnumerable<string> operations) => string.Concat(operations.Select(line => $"  {line}\n")) + "Ctrl-C stops it.";
}
