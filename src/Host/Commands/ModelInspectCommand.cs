using System.CommandLine;
using System.Globalization;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference model inspect</c>: what is in a model's files, without loading the weights.</summary>
public static class ModelInspectCommand
{
    private const int ShownTexts = 3;

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "Model folder in Hugging Face form, or a GGUF file." };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor." };
        var command = new Command("inspect", "Show what is in a model's files.") { model, tensors };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(model), parsed.GetValue(tensors), Console.Out));
        return command;
    }

    private static void Run(string model, bool listTensors, TextWriter output)
    {
        var config = ModelConfig.Load(model);
        output.WriteLine($"architecture  {config.Architecture}");
        output.WriteLine($"layers        {config.Layers}, {config.HiddenSize} wide, feed-forward {config.IntermediateSize}");
        output.WriteLine($"heads         {config.Heads} of {config.HeadDim}, {config.KvHeads} for keys and values");
        output.WriteLine($"vocabulary    {config.VocabSize} tokens{(config.TieWordEmbeddings ? ", the head tied to the embedding" : "")}");
        output.WriteLine($"context       {config.MaxPositionEmbeddings} tokens");
        var entries = ModelFiles.Tensors(model, config);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights       {entries.Sum(entry => entry.LengthBytes) / 1e6:0.0} MB in {entries.Count} tensors: {Types(entries)}"));
        if (GgufFile.Find(model) is { } path) WriteMetadata(path, output);
        if (!listTensors) return;
        foreach (var entry in entries) output.WriteLine($"{entry.Name,-40} {entry.Dtype,-5} {entry.ShapeText}");
    }

    private static string Types(IReadOnlyList<TensorEntry> entries) =>
        string.Join(", ", entries.GroupBy(entry => entry.Dtype).OrderByDescending(group => group.Sum(entry => entry.LengthBytes)).Select(group => $"{group.Count()} {group.Key}"));

    private static void WriteMetadata(string path, TextWriter output)
    {
        using var file = GgufFile.Open(path);
        foreach (var (key, value) in file.Metadata.Values) output.WriteLine($"{key} = {Show(value)}");
    }

    private static string Show(object value) => value switch
    {
        string text => Shorten(text),
        string[] texts => $"[{string.Join(", ", texts.Take(ShownTexts).Select(Shorten))}{(texts.Length > ShownTexts ? $", … {texts.Length} in all" : "")}]",
        Array list => $"a list of {list.Length}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };

    private static string Shorten(string text)
    {
        const int most = 60;
        var line = text.ReplaceLineEndings("\\n");
        return line.Length <= most ? line : line[..most] + "…";
    }
}
