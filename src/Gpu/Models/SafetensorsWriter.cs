using System.Buffers.Binary;
using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>Writes a safetensors file from front to back: the header first, then each tensor's data in the header's order.</summary>
public sealed class SafetensorsWriter : IDisposable
{
    private readonly FileStream _stream;

    /// <param name="path">Overwritten.</param>
    /// <param name="tensors">Name and shape of each.</param>
    /// <param name="dtype">Type of all.</param>
    public SafetensorsWriter(string path, IEnumerable<TensorSpec> tensors, WeightDtype dtype)
    {
        _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
        var header = Header(tensors, dtype);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        _stream.Write(length);
        _stream.Write(header);
    }

    /// <summary>Appends data of the tensor whose turn it is.</summary>
    public void Write(ReadOnlySpan<byte> data) => _stream.Write(data);

    public void Dispose() => _stream.Dispose();

    private static byte[] Header(IEnumerable<TensorSpec> tensors, WeightDtype dtype)
    {
        const int alignment = 8;
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors) WriteEntry(json, tensor, dtype, ref offset);
            json.WriteEndObject();
        }

        // Spaces at the end align the data, as the format allows.
        while (buffer.Length % alignment != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static void WriteEntry(Utf8JsonWriter json, TensorSpec tensor, WeightDtype dtype, ref long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", dtype.ToString());
        json.WriteStartArray("shape");
        foreach (var dimension in tensor.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset += tensor.Elements * dtype.SizeBytes());
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
