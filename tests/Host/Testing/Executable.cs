namespace ActorInference.Host.Tests.Testing;

/// <summary>The built program, run as its users run it.</summary>
public static class Executable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    /// <summary>It lies beside the tests, with all that it needs.</summary>
    public static readonly string Path = System.IO.Path.Combine(AppContext.BaseDirectory, "actorinference.dll");

    public static Task<ChildResult> RunAsync(params string[] arguments) => ChildProcess.RunAsync("dotnet", [Path, .. arguments], Limit);

    public static ChildProcess Start(params string[] arguments) => new("dotnet", [Path, .. arguments]);

    /// <summary>With variables in its environment.</summary>
    public static ChildProcess StartWith(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new("dotnet", [Path, .. arguments], environment: environment);
}
