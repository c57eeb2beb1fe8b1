using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary>
/// What commands have in common that measure a model's engine in this process: which model, prompts of what length, how often, on how many
/// threads, and how the figures are printed.
/// </summary>
internal sealed class EngineBenchFrame
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Option<string> _model;
    private readonly Option<bool> _json;

    /// <param name="model">Of which kind the model must be; empty for any.</param>
    /// <param name="promptTokens">What the prompt's tokens are, and their default.</param>
    /// <param name="rounds">What is measured so often, and the default.</param>
    /// <param name="json">What is printed as JSON, an object or an array.</param>
    public EngineBenchFrame(string model, string promptTokens, string rounds, string json)
    {
        _model = new Option<string>("--model") { Description = $"Model folder in Hugging Face form, or a GGUF file{(model.Length > 0 ? $"; {model}" : "")}.", Required = true };
        PromptTokens = NumberOption.Integer("--prompt-tokens", promptTokens, 1, 1 << 20);
        Rounds = NumberOption.Integer("--rounds", rounds, 1, 1000);
        _json = new Option<bool>("--json") { Description = $"Print a JSON {json}." };
    }

    public Option<int?> PromptTokens { get; }

    public Option<int?> Rounds { get; }

    public Option<int?> Threads { get; } = NumberOption.Integer("--threads", "Compute threads. Default: one a core.", 1, 1024);

    /// <summary>A command with these options and its own, without its action.</summary>
    public Command Create(string name, string description, params IEnumerable<Option> own)
    {
        var command = new Command(name, description) { _model, PromptTokens };
        foreach (var option in own) command.Add(option);
        foreach (var option in (Option[])[Rounds, Threads, _json]) command.Add(option);
        return command;
    }

    /// <summary>Measures, and prints what was measured.</summary>
    /// <param name="measure">Gets the model.</param>
    /// <param name="toJson">For <c>--json</c>.</param>
    /// <param name="write">For people.</param>
    /// <exception cref="UserErrorException">The model cannot be measured so.</exception>
    public void Run<TMeasured>(ParseResult parsed, Func<string, TMeasured> measure, Func<TMeasured, JsonNode> toJson, Action<TMeasured> write)
    {
        try
        {
            var measured = measure(parsed.GetRequiredValue(_model));
            if (parsed.GetValue(_json)) Console.Out.WriteLine(toJson(measured).ToJsonString(Indented));
            else write(measured);
        }
        catch (ArgumentException wrong)
        {
            // What only the model can judge: its context is too short.
            throw new UserErrorException(wrong.Message, wrong);
        }
    }
}
