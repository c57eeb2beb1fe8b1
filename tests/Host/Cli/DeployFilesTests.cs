using System.Text.Json;
using System.Text.RegularExpressions;
using ActorInference.Host.Composition;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Tests.Cli;

/// <summary>The files under deploy/ say nothing that the program does not know.</summary>
public sealed partial class DeployFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-deploy-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_option_is_one_of_the_program()
    {
        var help = (await Executable.RunAsync("up", "--help")).Output + (await Executable.RunAsync("node", "--help")).Output;
        var known = Option().Matches(help).Select(match => match.Value).ToHashSet();
        var used = Lines("systemd", "kubernetes", "container")
            .Where(line => line.Contains("ExecStart", StringComparison.Ordinal) || line.Contains("ARGUMENTS=", StringComparison.Ordinal)
                || line.Contains("args:", StringComparison.Ordinal) || line.StartsWith("CMD", StringComparison.Ordinal))
            .SelectMany(line => Option().Matches(line)).Select(match => match.Value).Distinct().ToList();

        Assert.Contains("--cluster-host", used);
        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void Every_role_has_pods()
    {
        var roles = Lines("kubernetes").Select(line => Role().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);

        Assert.Equal(NodeRoles.All.Select(role => role.Name()).Order(StringComparer.Ordinal), roles.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_configuration_of_the_secret_is_a_right_one()
    {
        var lines = Lines("kubernetes/secret.yaml").SkipWhile(line => !line.Contains("node.conf: |", StringComparison.Ordinal)).Skip(1);
        var path = Path.Combine(_folder, "node.conf");
        File.WriteAllLines(path, lines);

        var config = NodeConfig.Read(path, NodeRoles.All);

        Assert.True(config.ChoosesPersistence);
        Assert.NotEqual("", config.Settings.Management.AdminKey);
    }

    [Fact]
    public void Dashboard_and_alerts_ask_for_metrics_that_are_documented()
    {
        var documented = Metric().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"))).Select(match => match.Value).ToHashSet();
        using (JsonDocument.Parse(string.Join('\n', Lines("grafana")))) { }
        var used = Lines("grafana", "prometheus").SelectMany(line => Metric().Matches(line)).Select(match => Suffix().Replace(match.Value, "")).Distinct().ToList();

        Assert.Contains("actorinference_time_to_first_token_seconds", used);
        Assert.Empty(used.Except(documented));
    }

    /// <summary>Lines of a file, or of all files of a folder, under deploy/.</summary>
    private static IEnumerable<string> Lines(params string[] names) => names
        .Select(name => Path.Combine(Repository.Root, "deploy", name))
        .SelectMany(path => File.Exists(path) ? Enumerable.Repeat(path, 1) : Directory.EnumerateFiles(path).Order(StringComparer.Ordinal))
        .SelectMany(path => File.ReadLines(path));

    [GeneratedRegex("--[a-z][a-z-]+")]
    private static partial Regex Option();

    [GeneratedRegex("node, --role, ([a-z-]+),")]
    private static partial Regex Role();

    [GeneratedRegex("actorinference_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("_bucket$")]
    private static partial Regex Suffix();
}
