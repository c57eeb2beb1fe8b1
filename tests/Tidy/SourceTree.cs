namespace ActorInference.Tidy.Tests;

/// <summary>The repository's own files, without what is built.</summary>
internal static class SourceTree
{
    private static readonly string[] Skipped = [".git", "artifacts", "bin", "obj", "node_modules", ".vs"];

    public static string Root { get; } = FindRoot();

    /// <summary>C# files under a folder of the root.</summary>
    public static IEnumerable<SourceFile> CSharp(params string[] folders) => Files("*.cs", folders);

    public static IEnumerable<SourceFile> Files(string pattern, params string[] folders) =>
        from folder in folders
        where Directory.Exists(Path.Combine(Root, folder))
        from path in Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Root, path).Replace('\\', '/')
        where !name.Split('/').Any(Skipped.Contains)
        select new SourceFile(name, File.ReadAllLines(path));

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "ActorInference.sln"))) return folder;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} has ActorInference.sln.");
    }
}

/// <param name="Name">Path from the root, with slashes.</param>
internal sealed record SourceFile(string Name, string[] Lines)
{
    /// <summary>Lines that contain a text, as <c>file:line: text</c>.</summary>
    public IEnumerable<string> Find(Func<string, bool> condition) =>
        Lines.Index().Where(line => condition(line.Item)).Select(line => $"{Name}:{line.Index + 1}: {line.Item.Trim()}");
}
