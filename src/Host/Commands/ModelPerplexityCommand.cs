using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference model perplexity</c>: how well a model predicts a text, to compare types of weights and of keys and values.</summary>
public static class ModelPerplexityCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "Model folder in Hugging Face form, or a GGUF file." };
        var text = new Option<string>("--text") { Description = "File with documents, an empty line between two.", Required = true };
        var kvDtype = new Option<KvDtype>("--kv-dtype") { Description = "Element type of keys and values: f32, f16, bf16 or q8_0. Default: f32." };
        var threads = NumberOption.Integer("--threads", "Compute threads. Default: one a core.", 1, 1024);
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new Command("perplexity", "Measure how well a model predicts a text.") { model, text, kvDtype, threads, json };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(model), parsed.GetRequiredValue(text), parsed.GetValue(kvDtype), parsed.GetValue(threads) ?? Environment.ProcessorCount, parsed.GetValue(json)));
        return command;
    }

    private static void Run(string model, string text, KvDtype kvDtype, int threads, bool json)
    {
        PerplexityResult result;
        try
        {
            result = Perplexity.Measure(model, File.ReadAllText(text), kvDtype, threads);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UserErrorException($"--text is '{text}'; expected a file with documents: {cause.Message}", cause);
        }

        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(new { perplexity = result.Value, tokens = result.Tokens, documents = result.Documents }));
        else Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"perplexity {result.Value:0.0000} of {result.Tokens} tokens in {result.Documents} documents"));
    }
}
