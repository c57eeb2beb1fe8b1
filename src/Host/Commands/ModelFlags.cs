using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Numerics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary>The options of every command that loads a model.</summary>
internal sealed class ModelFlags
{
    private const int DefaultPageSizeTokens = 16;
    private const int MaxPageSizeTokens = 256;

    /// <summary>Where the shipped model lies beside the executable.</summary>
    private const string ShippedModel = "models/demo";

    private readonly Option<string?> _model = new("--model") { Description = "Model folder in Hugging Face form, or a GGUF file. Default: the shipped model." };
    private readonly Option<string?> _name = new("--served-model-name") { Description = "Name of the model in the API. Default: the folder's name." };
    private readonly Option<string?> _device = new("--device") { Description = "Where the model runs: auto (a CUDA device if one is usable, else the processor), cpu or cuda:N. Default: auto." };
    private readonly Option<int?> _threads = NumberOption.Integer("--threads", "Compute threads, of all ranks together. Default: one a core.", 1, 1024);
    private readonly Option<int?> _ranks = NumberOption.Integer("--tensor-parallel", "Processes that compute the model together, each a part of it: on processors, or each on a CUDA device of its own, from --device on. Linux only. Default: the configuration's, 1.", 1, ModelShard.MaxRanks);
    private readonly Option<int?> _kvPages = NumberOption.Integer("--kv-pages", "Size of the KV pool, in pages.", 1);
    private readonly Option<long?> _kvMemory = NumberOption.Bytes("--kv-memory", "Size of the KV pool, such as 512MiB.");
    private readonly Option<int?> _pageSize = NumberOption.Integer("--page-size", $"Tokens of a KV page, a power of two. Default: {DefaultPageSizeTokens}.", 1, MaxPageSizeTokens);
    private readonly Option<KvDtype?> _kvDtype = new("--kv-dtype") { Description = "Element type of keys and values: f32, f16, bf16, q8_0 (processors only) or f8 (CUDA devices only). Default: the configuration's, auto: f32 on processors, on CUDA devices the type in which the model computes." };
    private readonly Option<TransferTransport> _transport = new("--transport") { Description = "How KV pages travel between processes: auto (shared memory on one host) or tcp. Default: auto." };
    private readonly Option<LogLevel?> _logLevel = new("--log-level") { Description = "Least level that is logged, to stderr. Default: Information, with --prompt Warning." };

    public IEnumerable<Option> All => [_model, _name, _device, _threads, _ranks, _kvPages, _kvMemory, _pageSize, _kvDtype, _transport, _logLevel];

    public void Validate(CommandResult result)
    {
        if (result.GetValue(_kvPages) is not null && result.GetValue(_kvMemory) is not null)
            result.AddError("--kv-pages and --kv-memory are both given; expected one of them.");
        if (result.GetValue(_device) is { } device && !DeviceChoice.TryParse(device, out _))
            result.AddError($"--device is '{device}'; expected {DeviceChoice.Expected}.");
        if (result.GetValue(_pageSize) is { } pageSize && !BitOperations.IsPow2(pageSize))
            result.AddError($"--page-size is '{pageSize}'; expected a power of two.");
    }

    public ModelOptions Read(ParseResult parsed, LogLevel defaultLogLevel)
    {
        var folder = FindModel(parsed.GetValue(_model));
        return new ModelOptions
        {
            ModelFolder = folder,
            ModelName = parsed.GetValue(_name) is { Length: > 0 } name ? name : Path.GetFileNameWithoutExtension(folder) is var stem && File.Exists(folder) ? stem : Path.GetFileName(folder),
            Device = parsed.GetValue(_device) is { } device && DeviceChoice.TryParse(device, out var choice) ? choice : default,
            Threads = parsed.GetValue(_threads),
            Ranks = parsed.GetValue(_ranks),
            KvPages = parsed.GetValue(_kvPages),
            KvBytes = parsed.GetValue(_kvMemory),
            PageSizeTokens = parsed.GetValue(_pageSize) ?? DefaultPageSizeTokens,
            KvDtype = parsed.GetValue(_kvDtype),
            Transport = parsed.GetValue(_transport),
            LogLevel = parsed.GetValue(_logLevel) ?? defaultLogLevel,
        };
    }

    /// <returns>Null if it is no address.</returns>
    public static IPAddress? ParseAddress(string? host) =>
        host is null or "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host, out var address) ? address : null;

    /// <summary>The line for what <see cref="ParseAddress"/> does not read.</summary>
    public static string NoAddress(string option, string? value) =>
        $"{option} is '{value}'; expected an IP address such as 127.0.0.1, 0.0.0.0 or ::1, or localhost.";

    private static string FindModel(string? given)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given ?? Path.Combine(AppContext.BaseDirectory, ShippedModel)));
        if (Directory.Exists(folder) || (File.Exists(folder) && folder.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase))) return folder;
        throw new UserErrorException(given is null
            ? $"{folder}: the shipped model is missing; expected a model folder there, or one named by --model."
            : $"--model is '{given}'; expected an existing folder in Hugging Face form, or a {GgufFile.Extension} file.");
    }
}
