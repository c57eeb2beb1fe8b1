using System.Numerics;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Parses the head of a GGUF file, version 3: metadata, then where each tensor lies.</summary>
/// <remarks>
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every count is checked against the bytes that are
/// left before anything is made of that size.
/// </remarks>
internal static class GgufHeader
{
    private const uint Magic = 0x46554747;   // "GGUF"
    private const uint Version = 3;
    private const int DefaultAlignment = 32;
    private const int MaxAlignment = 1 << 20;
    private const int MaxDimensions = 4;
    private const int LeastEntryBytes = 8 + 4 + 1;
    private const int LeastTensorBytes = 8 + 4 + 4 + 8;

    /// <param name="bytes">The file from its beginning, or as much of it as the head may take.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    /// <exception cref="ModelFormatException">It breaks the format.</exception>
    public static (GgufMetadata Metadata, Dictionary<string, TensorEntry> Tensors) Parse(string path, ReadOnlySpan<byte> bytes, long fileLength)
    {
        var cursor = new GgufCursor(path, bytes);
        var magic = cursor.U32("magic");
        if (magic != Magic) throw new ModelFormatException(path, "magic", $"0x{magic:x8}", "\"GGUF\"");
        var version = cursor.U32("version");
        if (version != Version) throw new ModelFormatException(path, "version", $"{version}", $"{Version}");
        var tensorCount = cursor.Count("tensor count", LeastTensorBytes);
        var entryCount = cursor.Count("metadata count", LeastEntryBytes);
        var metadata = ReadMetadata(path, ref cursor, entryCount);
        var alignment = metadata.Int("general.alignment", 1, MaxAlignment, DefaultAlignment);
        if (!BitOperations.IsPow2(alignment)) throw metadata.Error("general.alignment", "a power of two");
        var specs = new List<Placed>();
        for (var i = 0; i < tensorCount; i++) specs.Add(ReadTensor(path, ref cursor));
        var dataOffset = (cursor.Position + (long)alignment - 1) / alignment * alignment;
        return (metadata, Place(path, specs, dataOffset, alignment, fileLength));
    }

    private static GgufMetadata ReadMetadata(string path, ref GgufCursor cursor, int count)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var key = cursor.Text($"metadata key {i}");
            var value = ReadValue(path, ref cursor, JsonFields.OneLine(key), (ValueType)cursor.U32($"type of {JsonFields.OneLine(key)}"));
            if (!values.TryAdd(key, value)) throw new ModelFormatException(path, JsonFields.OneLine(key), "given twice", "each key once");
        }

        return new GgufMetadata(path, values);
    }

    private static object ReadValue(string path, ref GgufCursor cursor, string key, ValueType type) => type switch
    {
        ValueType.U8 => (ulong)cursor.Read<byte>(key),
        ValueType.U16 => (ulong)cursor.Read<ushort>(key),
        ValueType.U32 => (ulong)cursor.Read<uint>(key),
        ValueType.U64 => cursor.Read<ulong>(key),
        ValueType.I8 => (long)cursor.Read<sbyte>(key),
        ValueType.I16 => (long)cursor.Read<short>(key),
        ValueType.I32 => (long)cursor.Read<int>(key),
        ValueType.I64 => cursor.Read<long>(key),
        ValueType.F32 => (double)cursor.Read<float>(key),
        ValueType.F64 => cursor.Read<double>(key),
        ValueType.Bool => ReadFlag(path, ref cursor, key),
        ValueType.Text => cursor.Text(key),
        ValueType.List => ReadList(path, ref cursor, key),
        _ => throw new ModelFormatException(path, $"type of {key}", $"{(uint)type}", "0 to 12"),
    };

    private static bool ReadFlag(string path, ref GgufCursor cursor, string key)
    {
        var value = cursor.Read<byte>(key);
        return value <= 1 ? value == 1 : throw new ModelFormatException(path, key, $"{value}", "0 or 1, as it is a flag");
    }

    private static Array ReadList(string path, ref GgufCursor cursor, string key)
    {
        var type = (ValueType)cursor.U32($"element type of {key}");
        return type switch
        {
            ValueType.U8 => List<byte, ulong>(ref cursor, key),
            ValueType.U16 => List<ushort, ulong>(ref cursor, key),
            ValueType.U32 => List<uint, ulong>(ref cursor, key),
            ValueType.U64 => List<ulong, ulong>(ref cursor, key),
            ValueType.I8 => List<sbyte, long>(ref cursor, key),
            ValueType.I16 => List<short, long>(ref cursor, key),
            ValueType.I32 => List<int, long>(ref cursor, key),
            ValueType.I64 => List<long, long>(ref cursor, key),
            ValueType.F32 => List<float, double>(ref cursor, key),
            ValueType.F64 => List<double, double>(ref cursor, key),
            ValueType.Bool => List<byte, ulong>(ref cursor, key),
            ValueType.Text => Texts(ref cursor, key),
            _ => throw new ModelFormatException(path, $"element type of {key}", $"{(uint)type}", "0 to 8 or 10 to 12; lists of lists are not read"),
        };
    }

    private static TWide[] List<T, TWide>(ref GgufCursor cursor, string key)
        where T : unmanaged, INumber<T>
        where TWide : INumber<TWide>
    {
        var values = new TWide[cursor.Count($"length of {key}", System.Runtime.CompilerServices.Unsafe.SizeOf<T>())];
        for (var i = 0; i < values.Length; i++) values[i] = TWide.CreateChecked(cursor.Read<T>(key));
        return values;
    }

    private static string[] Texts(ref GgufCursor cursor, string key)
    {
        var texts = new string[cursor.Count($"length of {key}", sizeof(ulong))];
        for (var i = 0; i < texts.Length; i++) texts[i] = cursor.Text(key);
        return texts;
    }

    private static Placed ReadTensor(string path, ref GgufCursor cursor)
    {
        var name = cursor.Text("name of a tensor");
        var shown = JsonFields.OneLine(name);
        var dimensions = cursor.U32($"{shown}: dimensions");
        if (dimensions is 0 or > MaxDimensions) throw new ModelFormatException(path, $"{shown}: dimensions", $"{dimensions}", $"1 to {MaxDimensions}");
        var shape = new long[dimensions];
        // The format has the innermost dimension first, everybody else the outermost.
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var size = cursor.U64($"{shown}: shape");
            shape[i] = size is > 0 and <= int.MaxValue ? (long)size : throw new ModelFormatException(path, $"{shown}: shape", $"{size}", $"1 to {int.MaxValue}");
        }

        return new Placed(name, shape, cursor.U32($"{shown}: type"), cursor.U64($"{shown}: offset"));
    }

    private static Dictionary<string, TensorEntry> Place(string path, List<Placed> specs, long dataOffset, int alignment, long fileLength)
    {
        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        var end = dataOffset;
        foreach (var spec in specs.OrderBy(spec => spec.Offset))
        {
            var shown = JsonFields.OneLine(spec.Name);
            if (!GgmlTypes.TryParse(spec.Type, out var dtype))
                throw new ModelFormatException(path, $"{shown}: type", GgmlTypes.Name(spec.Type), $"one of {GgmlTypes.Expected}");
            var bytes = SizeBytes(path, shown, spec, dtype);
            if (spec.Offset % (ulong)alignment != 0)
                throw new ModelFormatException(path, $"{shown}: offset", $"{spec.Offset}", $"a multiple of the alignment, {alignment}");
            if (bytes > fileLength || spec.Offset > (ulong)(fileLength - bytes) || dataOffset > fileLength - bytes - (long)spec.Offset)
                throw new ModelFormatException(path, $"{shown}: offset", $"{spec.Offset} with {bytes} bytes", $"an end within the file's {fileLength} bytes; the file is truncated");
            var start = dataOffset + (long)spec.Offset;
            if (start < end) throw new ModelFormatException(path, $"{shown}: offset", $"{spec.Offset}, overlapping the tensor before it", $"at least {end - dataOffset}");
            if (!tensors.TryAdd(spec.Name, new TensorEntry(spec.Name, dtype.ToString(), spec.Shape, start, bytes)))
                throw new ModelFormatException(path, shown, "listed twice", "each tensor once");
            end = start + bytes;
        }

        return tensors;
    }

    private static long SizeBytes(string path, string name, Placed spec, WeightDtype dtype)
    {
        if (spec.Shape[^1] % dtype.BlockElements() != 0)
            throw new ModelFormatException(path, $"{name}: shape", $"rows of {spec.Shape[^1]}", $"rows of a multiple of {dtype.BlockElements()}, as {dtype} has such blocks");
        Int128 size = dtype.RowBytes(spec.Shape[^1]);
        foreach (var dimension in spec.Shape.AsSpan(0, spec.Shape.Length - 1)) size *= dimension;
        return size <= long.MaxValue ? (long)size : throw new ModelFormatException(path, $"{name}: shape", $"{size} bytes", "what a file can hold");
    }

    private sealed record Placed(string Name, long[] Shape, uint Type, ulong Offset);

    private enum ValueType : uint
    {
        U8,
        I8,
        U16,
        I16,
        U32,
        I32,
        F32,
        Bool,
        Text,
        List,
        U64,
        I64,
        F64,
    }
}
