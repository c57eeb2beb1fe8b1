using System.Text.Json.Nodes;

namespace ActorInference.Host.Tests.Testing;

/// <summary>One prompt of a model's reference.json, with what an independent implementation continued it with, greedily.</summary>
/// <param name="Text">The continuation alone.</param>
public sealed record ReferenceCase(string Prompt, int[] PromptIds, int[] GreedyIds, string Text)
{
    public static IReadOnlyList<ReferenceCase> Load(string folder)
    {
        var reference = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")))!;
        return [.. reference["cases"]!.AsArray().Select(Read!)];
    }

    private static ReferenceCase Read(JsonNode node)
    {
        var prompt = (string)node["prompt"]!;
        return new(prompt, Ids(node["prompt_ids"]!), Ids(node["greedy_ids"]!), ((string)node["text"]!)[prompt.Length..]);
    }

    private static int[] Ids(JsonNode node) => [.. node.AsArray().Select(id => (int)id!)];
}
