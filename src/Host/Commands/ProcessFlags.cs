using System.CommandLine;
using System.CommandLine.Parsing;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;

namespace ActorInference.Host.Commands;

/// <summary>The options of every command that runs a process of a cluster.</summary>
internal sealed class ProcessFlags(string dataDescription)
{
    private const int DefaultManagementPort = 8558;
    private const int DefaultCmdPort = 9110;

    private readonly ModelFlags _model = new();
    private readonly Option<string?> _config = new("--config") { Description = "HOCON file with settings that go above the defaults." };
    private readonly Option<string[]> _given = new("--set") { Description = "Setting above those of --config, such as actor-inference.cache.l2.ratio=1; may be repeated." };
    private readonly Option<string?> _data = new("--data") { Description = dataDescription };

    public Option<string?> OtlpEndpoint { get; } = new("--otlp-endpoint") { Description = "Collector that spans of requests are sent to, such as http://127.0.0.1:4317. Default: that of OTEL_EXPORTER_OTLP_ENDPOINT, or none." };

    public Option<PortRequest?> ManagementPort { get; } = PortOption.Create("--management-port", "Port of /ready, /alive and other management routes", DefaultManagementPort);

    public Option<PortRequest?> CmdPort { get; } = PortOption.Create("--cmd-port", "Port for 'actorinference cmd', on 127.0.0.1", DefaultCmdPort);

    public IEnumerable<Option> All => [.. _model.All, _config, _given, _data, OtlpEndpoint, ManagementPort, CmdPort];

    public void Validate(CommandResult result)
    {
        _model.Validate(result);
        if (result.GetValue(_data) is { Length: 0 }) result.AddError("--data is ''; expected a folder.");
        if (result.GetValue(OtlpEndpoint) is { } endpoint && !TracingSettings.IsEndpoint(endpoint))
            result.AddError($"--otlp-endpoint is '{endpoint}'; expected the address of a collector, such as http://127.0.0.1:4317.");
        foreach (var given in result.GetValue(_given) ?? [])
        {
            if (!NodeConfig.IsSetting(given)) result.AddError($"--set is '{given}'; expected name=value, such as actor-inference.cache.l2.ratio=1.");
        }
    }

    public ProcessOptions Read(ParseResult parsed, IEnumerable<NodeRole> roles, LogLevel defaultLogLevel) => new(
        _model.Read(parsed, defaultLogLevel), NodeConfig.Read(parsed.GetValue(_config), roles, Given(parsed)))
    {
        DataFolder = parsed.GetValue(_data) is { } data ? Path.GetFullPath(data) : null,
        ManagementPort = parsed.GetValue(ManagementPort) ?? new PortRequest(DefaultManagementPort, IsGiven: false),
        CmdPort = parsed.GetValue(CmdPort) ?? new PortRequest(DefaultCmdPort, IsGiven: false),
    };

    /// <summary>With the flags that are short for settings: what this process starts gets them, too.</summary>
    private string[] Given(ParseResult parsed) =>
        [.. parsed.GetValue(_given) ?? [], .. parsed.GetValue(OtlpEndpoint) is { } endpoint ? (string[])[$"{TracingSettings.EndpointKey}={endpoint}"] : []];
}
