using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Clients;

/// <summary>OpenAI's npm client, as it comes, against this server.</summary>
public sealed class OpenAiNpmClientTests
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task The_npm_client_works_unchanged()
    {
        var node = OnPath("node");
        var npm = OnPath("npm");
        Skip.If(node is null || npm is null, "node and npm are not installed");
        var folder = await InstallAsync(npm!);
        await using var server = await TestServer.StartAsync("Hello, World!");

        var result = await ChildProcess.RunAsync(node!, [Path.Combine(folder, "client.mjs"), server.Address.ToString().TrimEnd('/')], RunLimit);

        Assert.True(result is { ExitCode: 0, Output: "ok\n" }, result.ToString());
    }

    private static async Task<string> InstallAsync(string npm)
    {
        var source = Path.Combine(Repository.Root, "tests", "Host", "npm");
        var folder = Path.Combine(Repository.Root, "artifacts", "npm-client");
        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["package.json", "client.mjs"])
            File.Copy(Path.Combine(source, file), Path.Combine(folder, file), overwrite: true);
        var result = await ChildProcess.RunAsync(npm, ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--fetch-retries", "1", "--fetch-timeout", "30000"], InstallLimit, folder);
        Skip.If(result.ExitCode != 0, $"npm could not install the client: {result.Error.Split('\n').FirstOrDefault(line => line.Contains("error"))}");
        return folder;
    }

    private static string? OnPath(string program) => Environment.GetEnvironmentVariable("PATH")?
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
