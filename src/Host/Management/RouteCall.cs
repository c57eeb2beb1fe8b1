using System.Text.Json;
using Akka.Actor;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary>A request to a management route.</summary>
/// <param name="System">Of this node.</param>
/// <param name="Request">As it came.</param>
public sealed record RouteCall(ActorSystem System, IHttpRequest Request)
{
    private const int MaxBodyBytes = 64 << 10;

    public string Method => Request.Method;

    /// <summary>A header field; null if it is absent.</summary>
    public string? Header(string name) => Request.Headers.TryGetValue(name, out var value) ? value : null;

    /// <summary>What follows a part of the path, unescaped: of <c>/cluster/members/a%3A1</c> after <c>/cluster/members/</c>, <c>a:1</c>.</summary>
    public string After(string part) => Uri.UnescapeDataString(Request.Path[(Request.Path.IndexOf(part, StringComparison.Ordinal) + part.Length)..]);

    /// <summary>Reads one text field of a body that is a JSON object.</summary>
    /// <exception cref="BadCallException">The body is something else, or has no such field, or others.</exception>
    public async Task<string> TextFieldAsync(string name)
    {
        using var body = await BodyAsync($$"""an object such as {"{{name}}":"…"}""");
        if (body.RootElement.ValueKind != JsonValueKind.Object) throw new BadCallException($$"""The body is no JSON object; expected {"{{name}}":"…"}.""");
        foreach (var field in body.RootElement.EnumerateObject())
        {
            if (field.Name != name) throw new BadCallException($"{field.Name} is not known; expected {name}.");
        }

        return body.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new BadCallException($"{name} is {(value.ValueKind == JsonValueKind.Undefined ? "missing" : $"'{value}'")}; expected a text.");
    }

    private async Task<JsonDocument> BodyAsync(string expected)
    {
        var bytes = new byte[MaxBodyBytes];
        var count = await Request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false);
        if (count == bytes.Length) throw new BadCallException($"The body is longer than {MaxBodyBytes - 1} bytes; expected {expected}.");
        try
        {
            return JsonDocument.Parse(bytes.AsMemory(0, count));
        }
        catch (JsonException cause)
        {
            throw new BadCallException($"The body is no JSON; expected {expected}.", cause);
        }
    }
}

/// <summary>A request asks for something that cannot be meant. The message says what was expected.</summary>
public sealed class BadCallException(string message, Exception? cause = null) : Exception(message, cause);
