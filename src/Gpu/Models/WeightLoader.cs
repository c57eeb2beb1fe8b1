using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Models;

/// <summary>What a loader has made, on its way into a <see cref="ModelWeights"/>.</summary>
internal sealed unsafe class WeightParts
{
    public required LayerWeights[] Layers { get; init; }

    public required float* FinalNorm { get; init; }

    public required WeightMatrix Head { get; init; }

    /// <summary>Null if the head is the embedding table.</summary>
    public required RowTable? Embedding { get; init; }

    public required long LengthBytes { get; init; }

    public required List<IDisposable> Owned { get; init; }
}

/// <summary>Reads, checks and packs a model's tensors, one mapping at a time, so that file pages don't pile up in memory.</summary>
internal sealed unsafe class WeightLoader
{
    private readonly ITensorSource _tensors;
    private readonly ModelConfig _config;
    private readonly ModelShard _shard;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly int _panelColumns;
    private readonly long _totalBytes;
    private readonly List<IDisposable> _owned = [];
    private long _loadedBytes;
    private long _lengthBytes;

    private WeightLoader(ITensorSource tensors, ModelShard shard, SimdLevel simd, IProgress<LoadProgress>? progress)
    {
        _tensors = tensors;
        _shard = shard;
        _config = shard.Model;
        _progress = progress;
        _panelColumns = KernelTable.For(simd).PanelColumns;
        // All tensors are checked before the first is read: a bad folder fails at once.
        _totalBytes = ModelTensors.All(_config).Sum(spec => WeightCheck.Check(tensors, spec));
    }

    /// <summary>Loads what a rank has of a model.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing, of a wrong type or shape, or holds what is no number.</exception>
    public static ModelWeights Load(ITensorSource tensors, ModelShard shard, SimdLevel simd, IProgress<LoadProgress>? progress)
    {
        var loader = new WeightLoader(tensors, shard, simd, progress);
        try
        {
            return new ModelWeights(shard, simd, loader.LoadAll());
        }
        catch
        {
            foreach (var owned in loader._owned) owned.Dispose();
            throw;
        }
    }

    private WeightParts LoadAll()
    {
        var embedding = _config.TieWordEmbeddings ? null : LoadTable(ModelTensors.Embedding);
        var head = LoadMatrix([_config.TieWordEmbeddings ? ModelTensors.Embedding : ModelTensors.Head]);
        var layers = new LayerWeights[_config.Layers];
        for (var i = 0; i < layers.Length; i++) layers[i] = LoadLayer(i);
        return new WeightParts
        {
            Layers = layers,
            FinalNorm = LoadVector(ModelTensors.FinalNorm),
            Head = head,
            Embedding = embedding,
            LengthBytes = _lengthBytes,
            Owned = _owned,
        };
    }

    private LayerWeights LoadLayer(int layer)
    {
        string Name(string tensor) => ModelTensors.InLayer(layer, tensor);
        string[] qkv = [Name("self_attn.q_proj"), Name("self_attn.k_proj"), Name("self_attn.v_proj")];
        string[] output = [Name("self_attn.o_proj")];
        return new LayerWeights
        {
            AttentionNorm = LoadVector(Name("input_layernorm.weight")),
            Qkv = [.. ByType(Weights(qkv)).Select(part => LoadMatrix(part))],
            QkvBias = _config.QkvBias ? LoadBias(qkv) : null,
            QueryNorm = _config.QkNorm ? LoadVector(Name("self_attn.q_norm.weight")) : null,
            KeyNorm = _config.QkNorm ? LoadVector(Name("self_attn.k_norm.weight")) : null,
            Output = LoadMatrix(Weights(output)),
            OutputBias = _config.OutputBias && IsFirst ? LoadBias(output) : null,
            PostAttentionNorm = _config.IsGemma ? LoadVector(Name("post_attention_layernorm.weight")) : null,
            FeedForwardNorm = LoadVector(Name(_config.IsGemma ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight")),
            PostFeedForwardNorm = _config.IsGemma ? LoadVector(Name("post_feedforward_layernorm.weight")) : null,
            Router = _config.Experts > 0 ? LoadMatrix([Name(ModelTensors.Router(_config))]) : null,
            FeedForward = [.. Enumerable.Range(0, Math.Max(1, _config.Experts)).Select(expert => LoadFeedForward(layer, expert))],
        };
    }

    private FeedForwardWeights LoadFeedForward(int layer, int expert)
    {
        var (gate, up, down) = ModelTensors.FeedForward(_config, expert);
        string[] both = [ModelTensors.InLayer(layer, gate), ModelTensors.InLayer(layer, up)], last = [ModelTensors.InLayer(layer, down)];
        return new FeedForwardWeights
        {
            GateUp = LoadMatrix(Weights(both), alternate: true),
            GateUpBias = _config.MlpBias ? LoadBias(both, alternate: true) : null,
            Down = LoadMatrix(Weights(last)),
            DownBias = _config.MlpBias && IsFirst ? LoadBias(last) : null,
        };
    }

    /// <summary>Outputs that ranks add up get their bias once.</summary>
    private bool IsFirst => _shard.Rank == 0;

    private static string[] Weights(string[] projections) => Array.ConvertAll(projections, name => $"{name}.weight");

    /// <summary>Neighbours of one type together.</summary>
    private List<string[]> ByType(string[] names)
    {
        var groups = new List<string[]>();
        foreach (var name in names)
        {
            if (groups.Count > 0 && _tensors.Find(groups[^1][0]).Entry.Dtype == _tensors.Find(name).Entry.Dtype) groups[^1] = [.. groups[^1], name];
            else groups.Add([name]);
        }

        return groups;
    }

    /// <summary>Packs matrices with the same inputs into one, one after the other or their panels in turn.</summary>
    private WeightMatrix LoadMatrix(string[] names, bool alternate = false)
    {
        var views = Array.ConvertAll(names, _tensors.Map);
        try
        {
            var dtypes = Array.ConvertAll(views, Dtype);
            // Parts of different types meet in the one that holds them all.
            var dtype = dtypes.Distinct().Count() == 1 ? dtypes[0] : WeightDtype.F32;
            var parts = Parts(names, views);
            var columns = Columns(parts, alternate);
            var outputs = alternate ? columns.Length : parts.Sum(part => part.Rows);
            var matrix = Own(WeightMatrix.Create(outputs, parts[0].Columns, _panelColumns, dtype));
            var sources = Array.ConvertAll(columns, column => column.Part < 0 ? default : Source(views[column.Part], names[column.Part], parts[column.Part], column.Row));
            // Checked as they are packed, while they are in the cache.
            if (!matrix.Pack(sources)) throw WeightCheck.NotFinite(_tensors, names[Array.FindIndex(views, view => !WeightCheck.IsFinite(view))]);
            _lengthBytes += matrix.LengthBytes;
            foreach (var view in views) Report(view.Entry);
            return matrix;
        }
        finally
        {
            foreach (var view in views) view.Dispose();
        }
    }

    /// <summary>What is loaded of each.</summary>
    private TensorPart[] Parts(string[] names, TensorView[] views) =>
        [.. names.Zip(views, (name, view) => _shard.PartOf(name, (int)view.Entry.Shape[0], view.Entry.Shape.Length > 1 ? (int)view.Entry.Shape[1] : 1))];

    /// <param name="row">Of the part.</param>
    private OutputSource Source(TensorView view, string name, TensorPart part, int row)
    {
        var dtype = Dtype(view);
        var first = view.Data + _tensors.SourceRow(name, part.FirstRow + row) * dtype.RowBytes(view.Entry.Shape[1]);
        return new OutputSource(first + dtype.RowBytes(part.FirstColumn), dtype);
    }

    /// <summary>Which part and which of its outputs each packed column is; part -1 is padding.</summary>
    private (int Part, int Row)[] Columns(TensorPart[] parts, bool alternate)
    {
        var outputs = Array.ConvertAll(parts, part => part.Rows);
        var columns = new List<(int, int)>();
        if (alternate)
        {
            for (var first = 0; first < outputs[0]; first += _panelColumns)
            {
                for (var part = 0; part < outputs.Length; part++) AddColumns(columns, part, first, _panelColumns, outputs[part]);
            }
        }
        else
        {
            for (var part = 0; part < outputs.Length; part++) AddColumns(columns, part, 0, outputs[part], outputs[part]);
            while (columns.Count % _panelColumns != 0) columns.Add((-1, 0));
        }

        return [.. columns];
    }

    private static void AddColumns(List<(int, int)> columns, int part, int first, int count, int outputs)
    {
        for (var row = first; row < first + count; row++) columns.Add(row < outputs ? (part, row) : (-1, 0));
    }

    private RowTable LoadTable(string name)
    {
        using var view = Map(name);
        var part = Parts([name], [view])[0];
        var table = Own(new RowTable(part.Rows, part.Columns, Dtype(view)));
        Buffer.MemoryCopy(view.Data + part.FirstRow * Dtype(view).RowBytes(part.Columns), table.Data, table.LengthBytes, table.LengthBytes);
        _lengthBytes += table.LengthBytes;
        Report(view.Entry);
        return table;
    }

    private float* LoadVector(string name)
    {
        using var view = Map(name);
        var length = view.Entry.Shape[0];
        var target = NewVector(RunnerBuffers.Padded((int)length));
        var offset = _config.IsGemma && !_tensors.HasWholeNorms ? 1f : 0f;
        for (long i = 0; i < length; i++) target[i] = offset + WeightReader.Widen(Dtype(view), view.Data, i);
        Report(view.Entry);
        return target;
    }

    /// <summary>Biases in the order of the columns that <see cref="LoadMatrix"/> packs.</summary>
    private float* LoadBias(string[] projections, bool alternate = false)
    {
        var views = Array.ConvertAll(projections, name => Map($"{name}.bias"));
        try
        {
            var parts = Parts(Array.ConvertAll(projections, name => $"{name}.bias"), views);
            var columns = Columns(parts, alternate);
            var target = NewVector(columns.Length);
            for (var i = 0; i < columns.Length; i++)
            {
                var (part, row) = columns[i];
                if (part >= 0) target[i] = WeightReader.Widen(Dtype(views[part]), views[part].Data, _tensors.SourceRow(projections[part] + ".bias", parts[part].FirstRow + row));
            }

            foreach (var view in views) Report(view.Entry);
            return target;
        }
        finally
        {
            foreach (var view in views) view.Dispose();
        }
    }

    private float* NewVector(int length)
    {
        // Room for a last panel that begins off the border of one.
        var buffer = Own(NativeBuffer.OfFloats(length + _panelColumns));
        _lengthBytes += buffer.LengthBytes;
        return buffer.Floats;
    }

    private TensorView Map(string name) => WeightCheck.Map(_tensors, name);

    private static WeightDtype Dtype(TensorView view) =>
        WeightDtypes.TryParse(view.Entry.Dtype, out var dtype) ? dtype : throw new InvalidOperationException($"{view.Entry.Name} was not checked.");

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
