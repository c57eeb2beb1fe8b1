using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorInference.Actors.Protocols;

namespace ActorInference.Host.Management;

/// <summary>Bodies of the management routes.</summary>
public static class ManagementJson
{
    public static string Status(string status, string? reason = null) => JsonSerializer.Serialize(new StatusBody(status, reason), ManagementJsonTypes.Readable.StatusBody);

    public static string Error(string message) => JsonSerializer.Serialize(new ErrorBody(new ErrorText(message)), ManagementJsonTypes.Readable.ErrorBody);

    public static string Workers(RouterProtocol.Workers workers) => JsonSerializer.Serialize(
        new WorkersBody(workers.InFlight, [.. workers.Reports.Select(Worker)]), ManagementJsonTypes.Readable.WorkersBody);

    public static string Members(ClusterView view) => JsonSerializer.Serialize(view, ManagementJsonTypes.Readable.ClusterView);

    public static string Message(string message) => JsonSerializer.Serialize(new ErrorText(message), ManagementJsonTypes.Readable.ErrorText);

    public static string ShardTypes(IReadOnlyList<string> types) => JsonSerializer.Serialize(new ShardTypesBody(types), ManagementJsonTypes.Readable.ShardTypesBody);

    public static string Shards(ShardsView view) => JsonSerializer.Serialize(view, ManagementJsonTypes.Readable.ShardsView);

    public static string Cache(CacheBody cache) => JsonSerializer.Serialize(cache, ManagementJsonTypes.Readable.CacheBody);

    private static WorkerBody Worker(RouterProtocol.WorkerReport report) => new(
        report.Worker.Value, report.Role.ToString().ToLowerInvariant(), report.Actor.Path.ToString(), report.Jobs, report.PendingTokens);
}

/// <param name="Reason">Why it is so; absent if all is well.</param>
public sealed record StatusBody(string Status, string? Reason);

public sealed record ErrorBody(ErrorText Error);

public sealed record ErrorText(string Message);

public sealed record ShardTypesBody(IReadOnlyList<string> Types);

/// <param name="InFlight">Generations under way.</param>
public sealed record WorkersBody(int InFlight, IReadOnlyList<WorkerBody> Workers);

/// <param name="Jobs">Waiting or at work.</param>
/// <param name="PendingTokens">Prompt tokens of those.</param>
public sealed record WorkerBody(string Worker, string Role, string Actor, int Jobs, long PendingTokens);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusBody))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(WorkersBody))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(CacheBody))]
[JsonSerializable(typeof(ShardsView))]
[JsonSerializable(typeof(ShardTypesBody))]
public sealed partial class ManagementJsonTypes : JsonSerializerContext
{
    /// <summary>Leaves text in the words of its language: nothing here is embedded in HTML.</summary>
    public static ManagementJsonTypes Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
