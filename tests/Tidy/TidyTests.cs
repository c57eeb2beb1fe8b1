using System.Xml.Linq;

namespace ActorInference.Tidy.Tests;

/// <summary>What the project's manner asks of every file, as far as a test can tell.</summary>
public sealed class TidyTests
{
    private const int MaxLines = 400;

    private static readonly string[] Code = ["src", "standins", "tests", "bench"];

    /// <summary>From the top of the house to its ground: a project may refer to those after it only.</summary>
    private static readonly string[] Floors = ["Host", "Roles", "Cache", "Gpu", "Actors"];

    /// <summary>The console's client speaks to the stand-in's host and is the same on either engine (docs/decisions/0004-console.md).</summary>
    private const string ConsoleWire = "../../standins/Petabridge.Cmd.Wire/Petabridge.Cmd.Wire.csproj";

    [Fact]
    public void No_file_is_longer_than_one_idea()
    {
        var found = SourceTree.CSharp(Code).Where(file => file.Lines.Length > MaxLines).Select(file => $"{file.Name}: {file.Lines.Length} lines");

        Assert.Empty(found);
    }

    [Fact]
    public void No_work_is_left_in_comments()
    {
        string[] marks = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "X" + "XX"];
        var found = SourceTree.CSharp(Code).SelectMany(file => file.Find(line => marks.Any(line.Contains)));

        Assert.Empty(found);
    }

    [Fact]
    public void Nothing_tells_which_actor_engine_it_got()
    {
        var found = SourceTree.CSharp("src", "tests").SelectMany(file => file.Find(line => line.TrimStart().StartsWith("#if", StringComparison.Ordinal)));

        Assert.Empty(found);
    }

    [Fact]
    public void Tests_wait_for_conditions_not_for_times()
    {
        // An endless delay that only a cancellation ends is a condition.
        string[] sleeps = ["Thread." + "Sleep(", "Task." + "Delay("];
        var found = SourceTree.CSharp("tests").SelectMany(
            file => file.Find(line => sleeps.Any(line.Contains) && !line.Contains("Timeout.Infinite", StringComparison.Ordinal)));

        Assert.Empty(found);
    }

    [Fact]
    public void No_method_is_async_void()
    {
        var found = SourceTree.CSharp(Code).SelectMany(file => file.Find(line => line.Contains("async " + "void", StringComparison.Ordinal)));

        Assert.Empty(found);
    }

    [Fact]
    public void References_between_projects_point_down_only()
    {
        var upward =
            from file in SourceTree.Files("*.csproj", "src")
            let floor = Floor(file.Name.Split('/')[1])
            from reference in XDocument.Parse(string.Join('\n', file.Lines)).Descendants("ProjectReference")
            let target = (string)reference.Attribute("Include")!
            where target != ConsoleWire || floor != Floor("Host")
            where Floor(target.Split('/')[^2]) <= floor || (IsBeside(floor) && IsBeside(Floor(target.Split('/')[^2])))
            select $"{file.Name} refers to {target}";

        Assert.Empty(upward);
    }

    [Fact]
    public void Only_the_host_knows_http()
    {
        var found = SourceTree.CSharp("src")
            .Where(file => !file.Name.StartsWith("src/Host/", StringComparison.Ordinal))
            .SelectMany(file => file.Find(line => line.StartsWith("using Microsoft.AspNetCore", StringComparison.Ordinal)));

        Assert.Empty(found);
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        var wrong =
            from file in SourceTree.CSharp("src")
            let parts = file.Name.Split('/')
            let expected = "ActorInference." + string.Join('.', parts[1..^1])
            let declared = file.Lines.FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
            where declared is not null && declared != $"namespace {expected};"
            select $"{file.Name}: {declared}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(SourceTree.Root, "ActorInference.sln")).Replace('\\', '/');
        var missing = SourceTree.Files("*.csproj", Code).Select(file => file.Name).Where(name => !solution.Contains($"\"{name}\"", StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    private static int Floor(string project) => Array.IndexOf(Floors, project);

    /// <summary>Cache knows nothing of models, and Gpu nothing of caches.</summary>
    private static bool IsBeside(int floor) => floor == Floor("Cache") || floor == Floor("Gpu");
}
