namespace ActorInference.Host.Tests.Testing;

/// <summary>Where things lie in the checkout that the tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Models for tests that are not part of the repository; null if this machine has none.</summary>
    public static string? TestModel(string name)
    {
        var models = Environment.GetEnvironmentVariable("ACTORINFERENCE_TEST_MODELS") is { Length: > 0 } given
            ? given
            : Path.Combine(Root, "..", "shared", "models");
        var folder = Path.GetFullPath(Path.Combine(models, name));
        return File.Exists(Path.Combine(folder, "config.json")) ? folder : null;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ActorInference.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not within the repository.");
    }
}
