using System.Text;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Writes a GGUF file, version 3, from front to back: metadata, the list of tensors, then each tensor's data in that order.</summary>
internal sealed class GgufWriter : IDisposable
{
    private const int Alignment = 32;

    private readonly FileStream _stream;
    private readonly BinaryWriter _head;
    private readonly MemoryStream _metadata = new();
    private readonly BinaryWriter _values;
    private readonly List<(string Name, int[] Shape, WeightDtype Dtype)> _tensors = [];
    private int _keys;

    /// <param name="path">Overwritten.</param>
    public GgufWriter(string path)
    {
        _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
        _head = new BinaryWriter(_stream);
        _values = new BinaryWriter(_metadata);
    }

    public void Set(string key, uint value) => Key(key, 4).Write(value);

    public void Set(string key, float value) => Key(key, 6).Write(value);

    public void Set(string key, bool value) => Key(key, 7).Write(value);

    public void Set(string key, string value) => Text(Key(key, 8), value);

    public void Set(string key, IReadOnlyCollection<string> values) => List(key, 8, values, Text);

    public void Set(string key, IReadOnlyCollection<int> values) => List(key, 5, values, static (writer, value) => writer.Write(value));

    public void Set(string key, IReadOnlyCollection<float> values) => List(key, 6, values, static (writer, value) => writer.Write(value));

    /// <summary>A value as <see cref="GgufMetadata"/> has it.</summary>
    public void Set(string key, object value)
    {
        switch (value)
        {
            case ulong number: Key(key, 10).Write(number); break;
            case long number: Key(key, 11).Write(number); break;
            case double number: Key(key, 12).Write(number); break;
            case bool flag: Set(key, flag); break;
            case string text: Set(key, text); break;
            case string[] texts: Set(key, (IReadOnlyCollection<string>)texts); break;
            case ulong[] numbers: List(key, 10, numbers, static (writer, number) => writer.Write(number)); break;
            case long[] numbers: List(key, 11, numbers, static (writer, number) => writer.Write(number)); break;
            case double[] numbers: List(key, 12, numbers, static (writer, number) => writer.Write(number)); break;
            default: throw new ArgumentException($"{key} is a {value.GetType()}, of which files have none.", nameof(value));
        }
    }

    /// <param name="shape">Outermost dimension first.</param>
    public void Add(string name, int[] shape, WeightDtype dtype) => _tensors.Add((name, shape, dtype));

    /// <summary>Writes the head. Nothing can be set or added from now on.</summary>
    public void WriteHead()
    {
        _head.Write("GGUF"u8);
        _head.Write(3u);
        _head.Write((ulong)_tensors.Count);
        _head.Write((ulong)_keys);
        _values.Flush();
        _head.Write(_metadata.GetBuffer().AsSpan(0, (int)_metadata.Length));
        var offset = 0L;
        foreach (var (name, shape, dtype) in _tensors)
        {
            Text(_head, name);
            _head.Write((uint)shape.Length);
            foreach (var dimension in shape.Reverse()) _head.Write((ulong)dimension);
            _head.Write(GgmlTypes.Number(dtype));
            _head.Write((ulong)offset);
            offset = Aligned(offset + shape[..^1].Aggregate(dtype.RowBytes(shape[^1]), static (bytes, dimension) => bytes * dimension));
        }

        Pad();
    }

    /// <summary>Appends data of the tensor whose turn it is.</summary>
    public void Write(ReadOnlySpan<byte> data) => _stream.Write(data);

    /// <summary>Ends the data of a tensor.</summary>
    public void Pad()
    {
        _head.Flush();
        while (_stream.Position % Alignment != 0) _stream.WriteByte(0);
    }

    public void Dispose()
    {
        _values.Dispose();
        _head.Dispose();
        _stream.Dispose();
    }

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Text(BinaryWriter writer, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private BinaryWriter Key(string key, uint type)
    {
        _keys++;
        Text(_values, key);
        _values.Write(type);
        return _values;
    }

    private void List<T>(string key, uint type, IReadOnlyCollection<T> values, Action<BinaryWriter, T> write)
    {
        Key(key, 9).Write(type);
        _values.Write((ulong)values.Count);
        foreach (var value in values) write(_values, value);
    }
}
