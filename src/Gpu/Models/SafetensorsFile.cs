using System.Buffers.Binary;

namespace ActorInference.Gpu.Models;

/// <summary>
/// A safetensors file, memory-mapped: opening it reads the header only, a <see cref="TensorView"/> keeps it mapped
/// for as long as it lives. Thread-safe.
/// </summary>
/// <remarks>Format: 8 bytes little-endian header length, JSON header, data.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;

    private readonly FileMapping _mapping;

    private SafetensorsFile(string path, FileMapping mapping, IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        Path = path;
        _mapping = mapping;
        Tensors = tensors;
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <exception cref="ModelFormatException">The file is missing, unreadable, truncated, or breaks the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path)) throw new ModelFormatException(path, "file", "missing", "a safetensors file");
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            var tensors = ReadHeader(path, stream);
            var mapping = new FileMapping(stream);
            stream = null;
            return new SafetensorsFile(path, mapping, tensors);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "file", $"unreadable ({JsonFields.OneLine(cause.Message)})", "a safetensors file", cause);
        }
        finally
        {
            stream?.Dispose();
        }
    }

    /// <summary>Maps a tensor's data; dispose the view to drop its pages.</summary>
    public TensorView Map(TensorEntry tensor) => _mapping.View(tensor);

    public void Dispose() => _mapping.Dispose();

    private static Dictionary<string, TensorEntry> ReadHeader(string path, FileStream stream)
    {
        var fileLength = stream.Length;
        Span<byte> prefix = stackalloc byte[LengthBytes];
        if (fileLength < LengthBytes)
            throw new ModelFormatException(path, "size", $"{fileLength} bytes", "a safetensors file; it is truncated");
        stream.ReadExactly(prefix);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength is < 2 or > SafetensorsHeader.MaxHeaderBytes)
            throw new ModelFormatException(path, "header length", $"{headerLength}", $"2 to {SafetensorsHeader.MaxHeaderBytes} bytes");
        if ((long)headerLength > fileLength - LengthBytes)
            throw new ModelFormatException(path, "header length", $"{headerLength}", $"at most the {fileLength - LengthBytes} bytes that follow; the file is truncated");
        var json = new byte[headerLength];
        stream.ReadExactly(json);
        var dataOffset = LengthBytes + (long)headerLength;
        return SafetensorsHeader.Parse(path, json, fileLength - dataOffset, dataOffset);
    }
}
