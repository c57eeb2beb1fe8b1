using System.CommandLine;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference model convert</c>: writes a model, a folder or a GGUF file, as either of them, in a given type.</summary>
public static class ModelConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("model") { Description = "Model folder in Hugging Face form, or a GGUF file." };
        var target = new Option<string>("--out") { Description = "The GGUF file or the folder to write.", Required = true };
        var format = new Option<ModelFormat>("--format") { Description = "gguf (a file) or safetensors (a folder). Default: gguf.", DefaultValueFactory = _ => ModelFormat.Gguf };
        var dtype = new Option<WeightDtype?>("--dtype") { Description = "f32, f16 or bf16; in a GGUF file also q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0, q3_k, q2_k, iq4_nl and iq4_xs. Default: q8_0 in a file, bf16 in a folder." };
        var command = new Command("convert", "Write a model as a GGUF file or as a folder, in another type of weights.") { source, target, format, dtype };
        command.Aliases.Add("quantize");
        command.SetAction(parsed => Run(parsed.GetRequiredValue(source), parsed.GetRequiredValue(target), parsed.GetRequiredValue(format), parsed.GetValue(dtype)));
        return command;
    }

    private static void Run(string source, string target, ModelFormat format, WeightDtype? dtype)
    {
        if (format == ModelFormat.Gguf && !target.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase))
            throw new UserErrorException($"--out is '{target}'; expected the path of a {GgufFile.Extension} file.");
        if (format == ModelFormat.Safetensors && (File.Exists(target) || target.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase)))
            throw new UserErrorException($"--out is '{target}'; expected a folder, as --format is safetensors.");
        if (format == ModelFormat.Safetensors && dtype is { } blocks && blocks.IsQuantized())
            throw new UserErrorException($"--dtype is '{blocks}'; expected f32, f16 or bf16, as --format is safetensors.");
        try
        {
            if (format == ModelFormat.Gguf) GgufConverter.Convert(source, target, dtype ?? WeightDtype.Q8_0, new PercentLine());
            else FolderConverter.Convert(source, target, dtype ?? WeightDtype.BF16, new PercentLine());
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out is '{target}'; expected a path that can be written: {cause.Message}", cause);
        }

        Console.Out.WriteLine(target);
    }
}
