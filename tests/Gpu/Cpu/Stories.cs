using System.Text.Json;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>The stories260K model and the outputs that an independent implementation computed for it.</summary>
internal sealed record Stories(string Folder, Stories.Case[] Cases)
{
    private const string Variable = "ACTORINFERENCE_TEST_MODELS";

    internal sealed record Case(int[] PromptIds, int[] GreedyIds, float[] LogitsAfterPrompt);

    /// <summary>Skips the test where the model isn't.</summary>
    public static Stories Find()
    {
        var folder = Path.Combine(Environment.GetEnvironmentVariable(Variable) ?? BesideRepository(), "stories260K");
        var reference = Path.Combine(folder, "reference.json");
        Skip.IfNot(File.Exists(reference), $"{reference} is missing; set {Variable} to the folder that holds stories260K.");
        using var document = JsonDocument.Parse(File.ReadAllBytes(reference));
        return new Stories(folder, [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(Read)]);
    }

    private static string BesideRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ActorInference.sln"))) folder = folder.Parent;
        return Path.Combine(folder?.Parent?.FullName ?? "", "shared", "models");
    }

    private static Case Read(JsonElement item) => new(
        [.. item.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())],
        [.. item.GetProperty("greedy_ids").EnumerateArray().Select(id => id.GetInt32())],
        [.. item.GetProperty("logits_after_prompt").EnumerateArray().Select(logit => logit.GetSingle())]);
}
