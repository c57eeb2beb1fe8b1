namespace ActorInference.Gpu.Models.Gguf;

/// <summary>A GGUF file, memory-mapped: opening it reads the head only. Thread-safe.</summary>
public sealed class GgufFile : IDisposable
{
    public const string Extension = ".gguf";

    private readonly FileMapping _mapping;

    private GgufFile(string path, FileMapping mapping, GgufMetadata metadata, IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        Path = path;
        _mapping = mapping;
        Metadata = metadata;
        Tensors = tensors;
    }

    public string Path { get; }

    public GgufMetadata Metadata { get; }

    /// <summary>By the names that the file gives them.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>The file that a path means: itself, or the only one in that folder.</summary>
    /// <returns>Null if the path is a folder without one.</returns>
    /// <exception cref="ModelFormatException">There are several in the folder.</exception>
    public static string? Find(string path)
    {
        if (path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)) return path;
        if (!Directory.Exists(path) || File.Exists(System.IO.Path.Combine(path, "config.json"))) return null;
        var files = Directory.GetFiles(path, "*" + Extension);
        if (files.Length > 1) throw new ModelFormatException(path, "folder", $"one with {files.Length} {Extension} files", $"one {Extension} file, or its path");
        return files.SingleOrDefault();
    }

    /// <exception cref="ModelFormatException">The file is missing, unreadable, truncated, or breaks the format.</exception>
    public static GgufFile Open(string path)
    {
        if (!File.Exists(path)) throw new ModelFormatException(path, "file", "missing", "a GGUF file");
        FileStream? stream = null;
        FileMapping? mapping = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            var length = stream.Length;
            if (length == 0) throw new ModelFormatException(path, "size", "0 bytes", "a GGUF file");
            mapping = new FileMapping(stream);
            stream = null;
            var (metadata, tensors) = ReadHeader(path, mapping, length);
            var file = new GgufFile(path, mapping, metadata, tensors);
            mapping = null;
            return file;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "file", $"unreadable ({JsonFields.OneLine(cause.Message)})", "a GGUF file", cause);
        }
        finally
        {
            mapping?.Dispose();
            stream?.Dispose();
        }
    }

    /// <summary>Maps a tensor's data; dispose the view to drop its pages.</summary>
    public TensorView Map(TensorEntry tensor) => _mapping.View(tensor);

    public void Dispose() => _mapping.Dispose();

    private static unsafe (GgufMetadata, Dictionary<string, TensorEntry>) ReadHeader(string path, FileMapping mapping, long length)
    {
        // A head is a few megabytes; what is mapped and not read costs nothing.
        var head = (int)Math.Min(length, int.MaxValue);
        using var view = mapping.Head(head);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            // SAFETY: head bytes from PointerOffset on are mapped until the pointer is released below.
            return GgufHeader.Parse(path, new ReadOnlySpan<byte>(start + view.PointerOffset, head), length);
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }
}
