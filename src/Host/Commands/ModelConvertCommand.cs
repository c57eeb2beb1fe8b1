using System.CommandLine;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference model convert</c>: writes a model, a folder or a GGUF file, as a GGUF file of a given type.</summary>
public static class ModelConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("model") { Description = "Model folder in Hugging Face form, or a GGUF file." };
        var target = new Option<string>("--out") { Description = "The GGUF file to write.", Required = true };
        var dtype = new Option<WeightDtype>("--dtype") { Description = "f32, f16, bf16, q8_0, q6_k, q5_0, q4_k or q4_0.", DefaultValueFactory = _ => WeightDtype.Q8_0 };
        var command = new Command("convert", "Write a model as a GGUF file, quantized or not.") { source, target, dtype };
        command.Aliases.Add("quantize");
        command.SetAction(parsed => Run(parsed.GetRequiredValue(source), parsed.GetRequiredValue(target), parsed.GetRequiredValue(dtype)));
        return command;
    }

    private static void Run(string source, string target, WeightDtype dtype)
    {
        if (!target.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase))
            throw new UserErrorException($"--out is '{target}'; expected the path of a {GgufFile.Extension} file.");
        try
        {
            GgufConverter.Convert(source, target, dtype, new PercentLine());
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out is '{target}'; expected a path that can be written: {cause.Message}", cause);
        }

        Console.Out.WriteLine(target);
    }
}
