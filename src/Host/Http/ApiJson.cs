using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorInference.Host.Commands;
using ActorInference.Host.Http.OpenAi;
using ActorInference.Host.Http.Sglang;

namespace ActorInference.Host.Http;

/// <summary>How answers are written. Source-generated: nothing is reflected on at run time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Default)]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(OpenAiErrorBody))]
[JsonSerializable(typeof(NativeErrorBody))]
[JsonSerializable(typeof(NativeErrorEvent))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(Usage))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(ModelInfo))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(TokenizeAnswer))]
[JsonSerializable(typeof(TokenizeBatchAnswer))]
[JsonSerializable(typeof(DetokenizeAnswer))]
[JsonSerializable(typeof(DetokenizeBatchAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(PromptAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Leaves text in the words of its language: nothing here is embedded in HTML.</summary>
    public static ApiJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
