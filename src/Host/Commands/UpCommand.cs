using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Numerics;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference up</c>: the embedded default, every role in one process.</summary>
public static class UpCommand
{
    private const int DefaultPort = 8000;
    private const int DefaultManagementPort = 8558;
    private const int DefaultCmdPort = 9110;
    private const int DefaultPageSizeTokens = 16;
    private const int MaxPageSizeTokens = 256;

    /// <summary>Where the shipped model lies beside the executable.</summary>
    private const string ShippedModel = "models/demo";

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
        private readonly Option<string?> _model = new("--model") { Description = "Model folder in Hugging Face form. Default: the shipped model." };
        private readonly Option<string?> _name = new("--served-model-name") { Description = "Name of the model in the API. Default: the folder's name." };
        private readonly Option<string?> _host = new("--host") { Description = "Address to listen on. Default: 127.0.0.1." };
        private readonly Option<int?> _port = NumberOption.Integer("--port", $"Port to listen on; 0 takes a free one. Default: {DefaultPort}.", 0, 65535);
        private readonly Option<PortRequest?> _managementPort = PortOption.Create("--management-port", "Port of /ready, /alive and other management routes, on 127.0.0.1", DefaultManagementPort);
        private readonly Option<PortRequest?> _cmdPort = PortOption.Create("--cmd-port", "Port for 'actorinference cmd', on 127.0.0.1", DefaultCmdPort);
        private readonly Option<string?> _data = new("--data") { Description = "Folder for what outlives the process." };
        private readonly Option<int?> _threads = NumberOption.Integer("--threads", "Compute threads. Default: one a core.", 1, 1024);
        private readonly Option<int?> _kvPages = NumberOption.Integer("--kv-pages", "Size of the KV pool, in pages.", 1);
        private readonly Option<long?> _kvMemory = NumberOption.Bytes("--kv-memory", "Size of the KV pool, such as 512MiB.");
        private readonly Option<int?> _pageSize = NumberOption.Integer("--page-size", $"Tokens of a KV page, a power of two. Default: {DefaultPageSizeTokens}.", 1, MaxPageSizeTokens);
        private readonly Option<LogLevel?> _logLevel = new("--log-level") { Description = "Least level that is logged, to stderr. Default: Information, with --prompt Warning." };
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
            _model, _name, _host, _port, _managementPort, _cmdPort, _data, _threads, _kvPages, _kvMemory, _pageSize, _logLevel,
            _prompt, _maxTokens, _temperature, _topP, _topK, _seed, _raw, _json,
        ];

        public void Validate(CommandResult result)
        {
            if (result.GetValue(_kvPages) is not null && result.GetValue(_kvMemory) is not null)
                result.AddError("--kv-pages and --kv-memory are both given; expected one of them.");
            if (result.GetValue(_pageSize) is { } pageSize && !BitOperations.IsPow2(pageSize))
                result.AddError($"--page-size is '{pageSize}'; expected a power of two.");
            if (ParseAddress(result.GetValue(_host)) is null)
                result.AddError($"--host is '{result.GetValue(_host)}'; expected an IP address such as 127.0.0.1, 0.0.0.0 or ::1, or localhost.");
            if (result.GetValue(_prompt) is { Length: 0 }) result.AddError("--prompt is empty; expected text.");
            if (result.GetValue(_prompt) is not null)
            {
                foreach (var option in (Option[])[_managementPort, _cmdPort])
                {
                    if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} is given with --prompt; expected one of them, since one answer opens no ports.");
                }

                return;
            }

            foreach (var option in (Option[])[_maxTokens, _temperature, _topP, _topK, _seed, _raw, _json])
            {
                if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} is given without --prompt; expected both or neither.");
            }
        }

        public UpOptions Read(ParseResult parsed)
        {
            var folder = FindModel(parsed.GetValue(_model));
            var prompt = parsed.GetValue(_prompt);
            return new UpOptions
            {
                ModelFolder = folder,
                ModelName = parsed.GetValue(_name) is { Length: > 0 } name ? name : Path.GetFileName(folder),
                Host = ParseAddress(parsed.GetValue(_host))!,
                Port = parsed.GetValue(_port) ?? DefaultPort,
                ManagementPort = parsed.GetValue(_managementPort) ?? new PortRequest(DefaultManagementPort, IsGiven: false),
                CmdPort = parsed.GetValue(_cmdPort) ?? new PortRequest(DefaultCmdPort, IsGiven: false),
                DataFolder = parsed.GetValue(_data),
                Threads = parsed.GetValue(_threads),
                KvPages = parsed.GetValue(_kvPages),
                KvBytes = parsed.GetValue(_kvMemory),
                PageSizeTokens = parsed.GetValue(_pageSize) ?? DefaultPageSizeTokens,
                LogLevel = parsed.GetValue(_logLevel) ?? (prompt is null ? LogLevel.Information : LogLevel.Warning),
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

        private static IPAddress? ParseAddress(string? host) =>
            host is null or "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host, out var address) ? address : null;

        private static string FindModel(string? given)
        {
            var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given ?? Path.Combine(AppContext.BaseDirectory, ShippedModel)));
            if (Directory.Exists(folder)) return folder;
            throw new UserErrorException(given is null
                ? $"{folder}: the shipped model is missing; expected a model folder there, or one named by --model."
                : $"--model is '{given}'; expected an existing folder in Hugging Face form.");
        }
    }
}
