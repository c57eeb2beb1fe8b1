using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="Dtype">As in the file: F32, BF16, I64, ...</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="OffsetBytes">Offset of the first byte from the start of the file.</param>
/// <param name="LengthBytes">Bytes of the data.</param>
public sealed record TensorEntry(string Name, string Dtype, long[] Shape, long OffsetBytes, long LengthBytes)
{
    /// <summary>The shape as <c>[2, 3]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}

/// <summary>
/// Parses the JSON header of a safetensors file. By the format's rules the tensors cover the data exactly:
/// in range, sized as dtype and shape say, without overlaps or holes.
/// </summary>
public static class SafetensorsHeader
{
    /// <summary>Header limit of the format's reference implementation.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private static readonly Dictionary<string, int> ElementBytes = new()
    {
        ["F64"] = 8, ["I64"] = 8, ["U64"] = 8, ["F32"] = 4, ["I32"] = 4, ["U32"] = 4, ["F16"] = 2, ["BF16"] = 2,
        ["I16"] = 2, ["U16"] = 2, ["F8_E4M3"] = 1, ["F8_E5M2"] = 1, ["I8"] = 1, ["U8"] = 1, ["BOOL"] = 1,
    };

    /// <param name="file">Named in errors.</param>
    /// <param name="json">The header without its length.</param>
    /// <param name="dataLengthBytes">Bytes of the file after the header.</param>
    /// <param name="dataOffsetBytes">Where those begin.</param>
    /// <exception cref="ModelFormatException">The header breaks the format, or the file is shorter than it says.</exception>
    public static Dictionary<string, TensorEntry> Parse(string file, ReadOnlyMemory<byte> json, long dataLengthBytes, long dataOffsetBytes)
    {
        var tensors = ReadEntries(JsonFields.Parse(file, json, "a safetensors header"), dataLengthBytes, dataOffsetBytes);
        CheckCover(file, tensors.Values, dataLengthBytes, dataOffsetBytes);
        return tensors;
    }

    private static Dictionary<string, TensorEntry> ReadEntries(JsonFields fields, long dataLength, long dataOffset)
    {
        var tensors = new Dictionary<string, TensorEntry>();
        foreach (var property in fields.Properties())
        {
            if (property.Name == "__metadata__") continue;
            if (!tensors.TryAdd(property.Name, ReadEntry(fields.Object(property), property.Name, dataLength, dataOffset)))
                throw fields.Error(JsonFields.OneLine(property.Name), "listed twice", "each tensor once");
        }

        return tensors;
    }

    private static TensorEntry ReadEntry(JsonFields fields, string name, long dataLength, long dataOffset)
    {
        var dtype = fields.Text("dtype") ?? throw fields.Missing("dtype", "an element type");
        if (!ElementBytes.TryGetValue(dtype, out var elementBytes))
            throw fields.Error("dtype", JsonFields.OneLine(dtype), "one of " + string.Join(", ", ElementBytes.Keys));
        var shape = Longs(fields, "shape");
        var offsets = Longs(fields, "data_offsets");
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw fields.Error("data_offsets", JsonFields.OneLine($"[{string.Join(", ", offsets)}]"), "a begin and an end not before it");
        if (offsets[1] > dataLength)
            throw fields.Error("data_offsets", $"[{offsets[0]}, {offsets[1]}]", $"an end within the file's {dataLength} bytes of data; the file is truncated");
        var result = new TensorEntry(name, dtype, shape, dataOffset + offsets[0], offsets[1] - offsets[0]);
        if (SizeBytes(shape, elementBytes) != result.LengthBytes)
            throw fields.Error("data_offsets", $"{result.LengthBytes} bytes long", $"the size of {dtype} {JsonFields.OneLine(result.ShapeText)}");
        return result;
    }

    private static long[] Longs(JsonFields fields, string name)
    {
        const string expected = "a list of integers that are not negative";
        if (!fields.TryGet(name, out var list)) throw fields.Missing(name, expected);
        if (list.ValueKind != JsonValueKind.Array) throw fields.Error(name, list, expected);
        var values = new long[list.GetArrayLength()];
        for (var i = 0; i < values.Length; i++)
        {
            if (list[i].ValueKind != JsonValueKind.Number || !list[i].TryGetInt64(out values[i]) || values[i] < 0)
                throw fields.Error(name, list, expected);
        }

        return values;
    }

    /// <returns>Bytes, or -1 if no file could be that large.</returns>
    private static long SizeBytes(long[] shape, int elementBytes)
    {
        Int128 size = elementBytes;
        foreach (var dimension in shape)
        {
            size *= dimension;
            if (size > long.MaxValue) return -1;
        }

        return (long)size;
    }

    private static void CheckCover(string file, IEnumerable<TensorEntry> tensors, long dataLength, long dataOffset)
    {
        var end = dataOffset;
        foreach (var tensor in tensors.OrderBy(t => t.OffsetBytes).ThenBy(t => t.LengthBytes))
        {
            if (tensor.OffsetBytes != end)
            {
                var wrong = tensor.OffsetBytes < end ? "overlapping the tensor before it" : "leaving a hole before it";
                throw new ModelFormatException(file, $"{JsonFields.OneLine(tensor.Name)}.data_offsets",
                    $"{wrong} (begin {tensor.OffsetBytes - dataOffset})", $"a begin at {end - dataOffset}");
            }

            end += tensor.LengthBytes;
        }

        if (end != dataOffset + dataLength)
            throw new ModelFormatException(file, "size", $"{dataLength} bytes of data", $"{end - dataOffset} as the header says");
    }
}
