using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Models;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Weights;

/// <summary>Reads, checks and uploads a model's tensors, one matrix at a time.</summary>
internal sealed unsafe class CudaWeightLoader
{
    private readonly CudaDevice _device;
    private readonly ITensorSource _tensors;
    private readonly ModelConfig _config;
    private readonly ModelShard _shard;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly WeightDtype _activations;
    private readonly List<IDisposable> _owned = [];
    private readonly long _totalBytes;
    private long _loadedBytes;

    private CudaWeightLoader(CudaDevice device, ITensorSource tensors, ModelShard shard, IProgress<LoadProgress>? progress)
    {
        (_device, _tensors, _config, _shard, _progress) = (device, tensors, shard.Model, shard, progress);
        var specs = ModelTensors.All(_config).ToList();
        _totalBytes = specs.Sum(spec => WeightCheck.Check(tensors, spec));
        var dtypes = specs.Where(spec => spec.Shape.Length == 2).Select(spec => Dtype(spec.Name)).Distinct().ToList();
        _activations = dtypes.Count == 1 && !dtypes[0].IsQuantized() ? dtypes[0] : WeightDtype.BF16;
    }

    public static CudaWeights Load(CudaDevice device, ITensorSource tensors, ModelShard shard, IProgress<LoadProgress>? progress)
    {
        var loader = new CudaWeightLoader(device, tensors, shard, progress);
        try
        {
            device.Enter();
            return loader.LoadAll();
        }
        catch
        {
            foreach (var owned in loader._owned) owned.Dispose();
            throw;
        }
    }

    /// <summary>Tokens of the output head that each rank has: as many as the one with the most, so that all bring the same number together. They overlap where the vocabulary is no multiple.</summary>
    public static int HeadTokens(ModelShard shard) => (shard.Model.VocabSize + shard.Ranks - 1) / shard.Ranks;

    private CudaWeights LoadAll()
    {
        // Rows are picked out of the table one by one, so it is plain; a tied head is then the same memory.
        var embedding = Matrix(plain: true, ModelTensors.Embedding);
        var head = !_config.TieWordEmbeddings ? Matrix(plain: false, ModelTensors.Head) : _shard.Ranks == 1 ? embedding : PartOfTied(embedding);
        var layers = new CudaLayer[_config.Layers];
        for (var i = 0; i < layers.Length; i++) layers[i] = Layer(i);
        return new CudaWeights(_device, _shard, _activations, layers, Vector(ModelTensors.FinalNorm), embedding, head, _owned);
    }

    /// <summary>This rank's tokens of a table that is the output head too: where they begin as products want it, the same memory.</summary>
    private CudaMatrix PartOfTied(CudaMatrix embedding)
    {
        const int productAlignment = 256;
        var rowBytes = embedding.Inputs * _activations.SizeBytes();
        if ((long)_shard.FirstToken * rowBytes % productAlignment == 0) return embedding.Rows(_shard.FirstToken, HeadTokens(_shard), rowBytes);
        _loadedBytes -= _tensors.Find(ModelTensors.Embedding).Entry.LengthBytes;   // Which is reported again.
        return Matrix(plain: true, [ModelTensors.Embedding], [HeadPart(embedding.Inputs)]);
    }

    private TensorPart HeadPart(int columns) => new(_shard.FirstToken, HeadTokens(_shard), 0, columns);

    private CudaLayer Layer(int layer)
    {
        string Name(string tensor) => ModelTensors.InLayer(layer, tensor);
        string[] qkv = [Name("self_attn.q_proj"), Name("self_attn.k_proj"), Name("self_attn.v_proj")];
        string[] gateUp = [Name("mlp.gate_proj"), Name("mlp.up_proj")];
        string[] output = [Name("self_attn.o_proj")], down = [Name("mlp.down_proj")];
        return new CudaLayer
        {
            AttentionNorm = Vector(Name("input_layernorm.weight")),
            Qkv = Matrix(plain: false, Weights(qkv)),
            QkvBias = _config.QkvBias ? Vector(Biases(qkv)) : 0,
            QueryNorm = _config.QkNorm ? Vector(Name("self_attn.q_norm.weight")) : 0,
            KeyNorm = _config.QkNorm ? Vector(Name("self_attn.k_norm.weight")) : 0,
            Output = Matrix(plain: false, Weights(output)),
            OutputBias = _config.OutputBias ? Vector(Biases(output)) : 0,
            FeedForwardNorm = Vector(Name("post_attention_layernorm.weight")),
            GateUp = Matrix(plain: false, Weights(gateUp)),
            GateUpBias = _config.MlpBias ? Vector(Biases(gateUp)) : 0,
            Down = Matrix(plain: false, Weights(down)),
            DownBias = _config.MlpBias ? Vector(Biases(down)) : 0,
        };
    }

    private static string[] Weights(string[] projections) => Array.ConvertAll(projections, name => $"{name}.weight");

    private static string[] Biases(string[] projections) => Array.ConvertAll(projections, name => $"{name}.bias");

    private WeightDtype Dtype(string name) =>
        WeightDtypes.TryParse(_tensors.Find(name).Entry.Dtype, out var dtype) ? dtype : throw new InvalidOperationException($"{name} was not checked.");

    /// <summary>Matrices with the same inputs as one. Quantized ones stay so if all are of one type that the kernels read.</summary>
    private CudaMatrix Matrix(bool plain, params string[] names) => Matrix(plain, names, Array.ConvertAll(names, Part));

    private CudaMatrix Matrix(bool plain, string[] names, TensorPart[] parts)
    {
        var dtypes = names.Select(Dtype).Distinct().ToList();
        var form = plain || dtypes.Count > 1 ? MatrixForm.Plain : dtypes[0] switch
        {
            WeightDtype.Q8_0 => MatrixForm.Bytes,
            WeightDtype.Q4_0 => MatrixForm.Nibbles,
            _ => MatrixForm.Plain,
        };
        var (outputs, inputs) = (parts.Sum(part => part.Rows), parts[0].Columns);
        var packer = new RowPacker(form, _activations, inputs);
        var data = Own(_device.Allocate((long)outputs * packer.DataBytes, "weights"));
        var scales = form == MatrixForm.Plain ? null : Own(_device.Allocate((long)outputs * packer.ScaleBytes, "weights"));
        var row = 0;
        for (var i = 0; i < names.Length; i++)
        {
            using var view = WeightCheck.Map(_tensors, names[i]);
            Upload(names[i], view, parts[i], packer, data, scales, row);
            row += parts[i].Rows;
            Report(view.Entry);
        }

        var matrix = new CudaMatrix(form, outputs, inputs, data, scales);
        _owned.RemoveAll(owned => owned == data || owned == scales);
        return Own(matrix);
    }

    /// <summary>What is loaded of a tensor.</summary>
    private TensorPart Part(string name)
    {
        var shape = _tensors.Find(name).Entry.Shape;
        var (rows, columns) = ((int)shape[0], shape.Length > 1 ? (int)shape[1] : 1);
        return name switch
        {
            ModelTensors.Embedding => new TensorPart(0, rows, 0, columns),
            ModelTensors.Head => HeadPart(columns),
            _ => _shard.PartOf(name, rows, columns),
        };
    }

    /// <summary>A stretch of rows at a time, packed by all cores.</summary>
    private void Upload(string name, TensorView view, TensorPart part, RowPacker packer, CudaDeviceVariable<byte> data, CudaDeviceVariable<byte>? scales, int firstRow)
    {
        const int stretchBytes = 16 << 20;
        var dtype = Dtype(name);
        var stretch = Math.Max(1, stretchBytes / packer.DataBytes);
        using var packed = new NativeBuffer((long)stretch * packer.DataBytes);
        using var packedScales = new NativeBuffer((long)stretch * packer.ScaleBytes);
        var rowBytes = dtype.RowBytes(view.Entry.Shape[1]);
        for (var first = 0; first < part.Rows; first += stretch)
        {
            var count = Math.Min(stretch, part.Rows - first);
            var (from, begin, order) = (view, part.FirstRow + first, _tensors.Order(name));
            Parallel.For(0, count, i => packer.Pack(
                dtype, from.Data + order.InFile(begin + i) * rowBytes + dtype.RowBytes(part.FirstColumn),
                packed.Data + (long)i * packer.DataBytes, packedScales.Data + (long)i * packer.ScaleBytes));
            Copy(data, (long)(firstRow + first) * packer.DataBytes, packed.Data, (long)count * packer.DataBytes);
            if (scales is not null) Copy(scales, (long)(firstRow + first) * packer.ScaleBytes, packedScales.Data, (long)count * packer.ScaleBytes);
        }
    }

    /// <summary>Vectors one after the other, as floats.</summary>
    private ulong Vector(params string[] names)
    {
        var parts = Array.ConvertAll(names, Part);
        using var values = NativeBuffer.OfFloats(parts.Sum(part => part.Rows));
        var at = 0;
        for (var n = 0; n < names.Length; n++)
        {
            using var view = WeightCheck.Map(_tensors, names[n]);
            var order = _tensors.Order(names[n]);
            for (var i = 0; i < parts[n].Rows; i++) values.Floats[at++] = WeightReader.Widen(Dtype(names[n]), view.Data, order.InFile(parts[n].FirstRow + i));
            Report(view.Entry);
        }

        var target = Own(_device.Allocate(values.LengthBytes, "weights"));
        Copy(target, 0, values.Data, values.LengthBytes);
        return (ulong)target.DevicePointer.Pointer;
    }

    private void Copy(CudaDeviceVariable<byte> target, long offset, byte* source, long bytes) =>
        _device.Upload(target.DevicePointer + (SizeT)offset, (nint)source, bytes);

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private void Report(TensorEntry entry)
    {
        _loadedBytes += entry.LengthBytes;
        _progress?.Report(new LoadProgress(_loadedBytes, _totalBytes, entry.Name));
    }
}
