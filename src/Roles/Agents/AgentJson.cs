using System.Text.Json.Serialization;

namespace ActorInference.Roles.Agents;

/// <summary>The JSON of an agent's files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(InstanceRecord))]
public sealed partial class AgentJson : JsonSerializerContext;
