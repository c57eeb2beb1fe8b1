using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorInference.Roles.Agents;

/// <summary>A bundle: a folder with a program, under a name and a version.</summary>
/// <param name="Reference"><c>name:version</c>.</param>
/// <param name="Folder">Where it lies.</param>
/// <param name="Entrypoint">Program and first arguments if a launch names none; relative to the folder. Empty for none.</param>
/// <param name="AddedAt">When; the program itself has no time.</param>
public sealed record ImageBundle(string Reference, string Folder, ImmutableArray<string> Entrypoint, DateTimeOffset? AddedAt);

/// <summary>
/// The bundles of a host: <c>images/&lt;name&gt;/&lt;version&gt;/</c>. The running program is one of them without being
/// there: <c>actorinference:&lt;its version&gt;</c>.
/// </summary>
public sealed partial class ImageStore
{
    /// <summary>In a bundle: <c>{"entrypoint": ["bin/server", "--flag"]}</c>; optional.</summary>
    public const string ManifestFile = "bundle.json";

    /// <summary>The running program, whatever its version.</summary>
    public const string SelfName = "actorinference";

    private readonly string _root;
    private readonly ImageBundle? _self;

    /// <param name="root">Folder of the store; made if missing.</param>
    /// <param name="self">The running program as a bundle; null if it is not to be one.</param>
    public ImageStore(string root, ImageBundle? self = null)
    {
        (_root, _self) = (Path.GetFullPath(root), self);
        Directory.CreateDirectory(_root);
    }

    /// <summary>All of them, in the order of their names.</summary>
    public IReadOnlyList<ImageBundle> List()
    {
        var stored =
            from name in Directory.EnumerateDirectories(_root)
            from version in Directory.EnumerateDirectories(name)
            where !Path.GetFileName(version).StartsWith('.')
            select Read($"{Path.GetFileName(name)}:{Path.GetFileName(version)}", version);
        return [.. stored.Concat(_self is null ? [] : [_self]).OrderBy(bundle => bundle.Reference, StringComparer.Ordinal)];
    }

    /// <summary>Copies a folder into the store; it is there whole or not at all.</summary>
    /// <exception cref="ImageException">The name is no reference, the folder is missing, or the version is there already.</exception>
    public ImageBundle Add(string reference, string folder)
    {
        var target = FolderOf(reference);
        if (!Directory.Exists(folder)) throw new ImageException($"folder is '{folder}'; expected one that exists.");
        if (Directory.Exists(target) || reference == _self?.Reference)
            throw new ImageException($"image is '{reference}'; it is in the store already, and a version never changes: expected another version.");
        var parent = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(parent);
        var temporary = Path.Combine(parent, $".adding-{Guid.NewGuid():N}");
        try
        {
            Copy(folder, temporary);
            var bundle = Read(reference, temporary);
            Directory.Move(temporary, target);
            return bundle with { Folder = target };
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    /// <exception cref="ImageException">It is not there, or it is the running program.</exception>
    public void Remove(string reference)
    {
        if (reference == _self?.Reference) throw new ImageException($"image is '{reference}'; that is the running program, which is no folder of the store.");
        Directory.Delete(Find(reference).Folder, recursive: true);
    }

    /// <exception cref="ImageException">It is not there.</exception>
    public ImageBundle Find(string reference)
    {
        if (_self is not null && (reference == _self.Reference || reference == SelfName)) return _self;
        var folder = FolderOf(reference);
        if (Directory.Exists(folder)) return Read(reference, folder);
        throw new ImageException($"image is '{reference}'; expected one of {string.Join(", ", List().Select(bundle => bundle.Reference))}.");
    }

    private string FolderOf(string reference)
    {
        if (!ReferencePattern().IsMatch(reference)) throw new ImageException($"image is '{reference}'; expected name:version of letters, digits, '.', '_' and '-', and '/' in the name.");
        var colon = reference.LastIndexOf(':');
        return Path.Combine(_root, reference[..colon].Replace('/', '_'), reference[(colon + 1)..]);
    }

    private static ImageBundle Read(string reference, string folder)
    {
        var file = Path.Combine(folder, ManifestFile);
        if (!File.Exists(file)) return new ImageBundle(reference, folder, [], Directory.GetCreationTimeUtc(folder));
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(file), AgentJson.Default.ImageManifest);
            return new ImageBundle(reference, folder, manifest?.Entrypoint ?? [], Directory.GetCreationTimeUtc(folder));
        }
        catch (JsonException cause)
        {
            throw new ImageException($"{file}: {cause.Message}; expected {{\"entrypoint\": [\"program\", \"argument\"]}}.", cause);
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*:[A-Za-z0-9][A-Za-z0-9._-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ReferencePattern();
}

/// <summary>An image is not what was asked for; the message is the one line to show.</summary>
public sealed class ImageException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What a bundle says of itself.</summary>
public sealed record ImageManifest(ImmutableArray<string>? Entrypoint);
