using System.CommandLine;
using System.CommandLine.Parsing;
using ActorInference.Host.Cli;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference up</c>: the embedded default, every role in one process.</summary>
public static class UpCommand
{
    private const int DefaultPort = 8000;

    public static Command Create()
    {
        var options = new Options();
        var command = new Command("up", "Serve a model in one process, or answer one prompt.");
        foreach (var option in options.All) command.Add(option);
        command.Validators.Add(options.Validate);
        command.SetAction((parsed, _) => Up.RunAsync(options.Read(parsed)));
        return command;
    }

    private sealed class Options
    {
        private readonly ProcessFlags _process = new("Folder for what outlives the process. Default: one of the user's; with --prompt none.");
        private readonly Option<string?> _host = new("--host") { Description = "Address to listen on. Default: 127.0.0.1." };
        private readonly Option<int?> _port = NumberOption.Integer("--port", $"Port to listen on; 0 takes a free one. Default: {DefaultPort}.", 0, 65535);
        private readonly Option<bool> _processes = new("--processes") { Description = "A process for each role on this machine, instead of one for all." };
        private readonly Option<string?> _prompt = new("--prompt") { Description = "Print the answer to this and exit, instead of serving." };
        private readonly Option<int?> _maxTokens = NumberOption.Integer("--max-tokens", "With --prompt: new tokens at most. Default: 256.", 1);
        private readonly Option<float?> _temperature = NumberOption.Real("--temperature", "With --prompt: sampling temperature; 0 is greedy. Default: 0.", 0, 100);
        private readonly Option<float?> _topP = NumberOption.Real("--top-p", "With --prompt: probability mass kept. Default: 1.", 0, 1, aboveMin: true);
        private readonly Option<int?> _topK = NumberOption.Integer("--top-k", "With --prompt: candidates kept; 0 keeps all. Default: 0.", 0);
        private readonly Option<long?> _seed = NumberOption.Long("--seed", "With --prompt: seed of sampling. Default: random.");
        private readonly Option<bool> _raw = new("--raw") { Description = "With --prompt: without the model's chat template." };
        private readonly Option<bool> _json = new("--json") { Description = "With --prompt: one JSON object with text, token ids and figures." };

        public IEnumerable<Option> All =>
        [
            .. _process.All, _host, _port, _processes,
            _prompt, _maxTokens, _temperature, _topP, _topK, _seed, _raw, _json,
        ];

        public void Validate(CommandResult result)
        {
            _process.Validate(result);
            if (ModelFlags.ParseAddress(result.GetValue(_host)) is null) result.AddError(ModelFlags.NoAddress("--host", result.GetValue(_host)));
            if (result.GetValue(_prompt) is { Length: 0 }) result.AddError("--prompt is empty; expected text.");
            if (result.GetValue(_prompt) is not null)
            {
                foreach (var option in (Option[])[_process.ManagementPort, _process.CmdPort])
                {
                    if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} is given with --prompt; expected one of them, since one answer opens no ports.");
                }

                if (result.GetValue(_process.OtlpEndpoint) is not null) result.AddError($"{_process.OtlpEndpoint.Name} is given with --prompt; expected one of them, since requests of HTTP are traced.");

                return;
            }

            foreach (var option in (Option[])[_maxTokens, _temperature, _topP, _topK, _seed, _raw, _json])
            {
                if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} is given without --prompt; expected both or neither.");
            }
        }

        public UpOptions Read(ParseResult parsed)
        {
            var prompt = parsed.GetValue(_prompt);
            return new UpOptions(_process.Read(parsed, NodeRoles.All, prompt is null ? LogLevel.Information : LogLevel.Warning))
            {
                Host = ModelFlags.ParseAddress(parsed.GetValue(_host))!,
                Port = parsed.GetValue(_port) ?? DefaultPort,
                Processes = parsed.GetValue(_processes),
                Prompt = prompt is null ? null : ReadPrompt(parsed, prompt),
            };
        }

        private PromptOptions ReadPrompt(ParseResult parsed, string text) => new(text, parsed.GetValue(_raw), parsed.GetValue(_json))
        {
            MaxTokens = parsed.GetValue(_maxTokens),
            Temperature = parsed.GetValue(_temperature) ?? 0,
            TopP = parsed.GetValue(_topP) ?? 1,
            TopK = parsed.GetValue(_topK) ?? 0,
            Seed = parsed.GetValue(_seed),
        };
    }
}
