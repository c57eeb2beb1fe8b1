using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>The files that <c>-f</c> names: files, folders, standard input.</summary>
internal static class ManifestFiles
{
    private const string StandardInput = "-";

    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    public static Option<string[]> Names(bool isRequired) => new("--filename", "-f")
    {
        Description = "YAML or JSON file, or a folder with such; - for standard input. May be given several times: all are taken together.",
        Required = isRequired,
        Arity = ArgumentArity.OneOrMore,
    };

    public static Option<bool> Recursive() => new("--recursive", "-R") { Description = "The subfolders of folders too." };

    /// <summary>Reads all files, each once, those of a folder by name.</summary>
    /// <exception cref="UserErrorException">All that cannot be read.</exception>
    public static async Task<ManifestsBody> ReadAsync(IReadOnlyList<string> names, bool isRecursive, CancellationToken stop)
    {
        var (files, errors) = (new List<ManifestBody>(), new List<string>());
        foreach (var path in names.SelectMany(name => Paths(name, isRecursive, errors)).Distinct(StringComparer.Ordinal))
        {
            try
            {
                files.Add(path == StandardInput ? new ManifestBody("stdin", await Console.In.ReadToEndAsync(stop)) : new ManifestBody(path, await File.ReadAllTextAsync(path, stop)));
            }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
            {
                errors.Add($"--filename is '{path}'; expected a file that can be read: {cause.Message}");
            }
        }

        return errors.Count == 0 ? new ManifestsBody(files) : throw new UserErrorException(errors);
    }

    private static IEnumerable<string> Paths(string name, bool isRecursive, List<string> errors)
    {
        if (name == StandardInput || !Directory.Exists(name)) return [name];
        try
        {
            var files = Directory.EnumerateFiles(name, "*", isRecursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly)
                .Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal).ToList();
            if (files.Count == 0) errors.Add($"--filename is '{name}'; expected a folder with *.yaml, *.yml or *.json files{(isRecursive ? "" : " (-R looks into its subfolders too)")}.");
            return files;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            errors.Add($"--filename is '{name}'; expected a folder that can be read: {cause.Message}");
            return [];
        }
    }
}
