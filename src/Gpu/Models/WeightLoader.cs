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

    public required WeightPacking Packing { get; init; }

    /// <summary>Memory and views of files.</summary>
    public required List<IDisposable> Owned { get; init; }
}

/// <summary>Maps and checks a model's tensors. Matrices are left in their files for now (<see cref="WeightPacking"/>).</summary>
internal sealed unsafe class WeightLoader
{
    private readonly ITensorSource _tensors;
    private readonly ModelConfig _config;
    private readonly ModelShard _shard;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly int _panelColumns;
    private readonly long _totalBytes;
    private readonly List<IDisposable> _owned = [];
    private readonly List<IPackable> _matrices = [];
    private readonly FiniteCheck _finite;
    private long _loadedBytes;
    private long _lengthBytes;

    private WeightLoader(ITensorSource tensors, ModelShard shard, SimdLevel simd, IProgress<LoadProgress>? progress)
    {
        _tensors = tensors;
        _shard = shard;
        _config = shard.Model;
        _progress = progress;
        _finite = new FiniteCheck(tensors);
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
        var layers = new LayerWeights[_config.Layers];
        for (var i = 0; i < layers.Length; i++) layers[i] = LoadLayer(i);
        var head = LoadMatrix([_config.TieWordEmbeddings ? ModelTensors.Embedding : ModelTensors.Head]);
        var norm = LoadVector(ModelTensors.FinalNorm);
        _finite.Run(Report);
        return new WeightParts
        {
            Layers = layers,
            FinalNorm = norm,
            Head = head,
            Embedding = embedding,
            LengthBytes = _lengthBytes,
            Packing = Own(new WeightPacking([.. _matrices])),
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

    /// <summary>Matrices with the same inputs as one, one after the other or their panels in turn.</summary>
    private WeightMatrix LoadMatrix(string[] names, bool alternate = false)
    {
        var views = Array.ConvertAll(names, name => Own(_tensors.Map(name)));
        var rows = Parts(names, views);
        var parts = new ColumnPart[names.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = new ColumnPart(views[i], Dtype(views[i]), rows[i], _tensors.Order(names[i]));
            _finite.Add(names[i], parts[i]);
        }

        var order = new ColumnOrder(Array.ConvertAll(rows, part => part.Rows), _panelColumns, alternate);
        var matrix = Own(Create(parts, order));
        _lengthBytes += matrix.LengthBytes;
        return matrix;
    }

    private WeightMatrix Create(ColumnPart[] parts, ColumnOrder order)
    {
        var source = new MatrixSource(parts, order);
        if (parts.All(part => part.Dtype == parts[0].Dtype))
        {
            var matrix = WeightMatrix.Create(order.Outputs, parts[0].Rows.Columns, _panelColumns, parts[0].Dtype, source);
            _matrices.Add(matrix);
            return matrix;
        }

        // Parts of different types meet in the one that holds them all, and whose strips need not be whole blocks of theirs: at once.
        var columns = new OutputSource[order.Count];
        source.Find(0, columns);
        var mixed = WeightMatrix.Create(order.Outputs, parts[0].Rows.Columns, _panelColumns, WeightDtype.F32);
        mixed.Pack(columns);
        return mixed;
    }

    /// <summary>What is loaded of each.</summary>
    private TensorPart[] Parts(string[] names, TensorView[] views) =>
        [.. names.Zip(views, (name, view) => _shard.PartOf(name, (int)view.Entry.Shape[0], view.Entry.Shape.Length > 1 ? (int)view.Entry.Shape[1] : 1))];

    private RowTable LoadTable(string name)
    {
        var view = Own(_tensors.Map(name));
        var part = new ColumnPart(view, Dtype(view), Parts([name], [view])[0], default);
        _finite.Add(name, part);
        var table = new RowTable(part.Rows.Rows, part.Rows.Columns, part.Dtype, (nint)view.Data + part.Rows.FirstRow * (nint)part.RowBytes, view.DropPages);
        _matrices.Add(table);
        _lengthBytes += table.LengthBytes;
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
            var order = new ColumnOrder(Array.ConvertAll(parts, part => part.Rows), _panelColumns, alternate);
            var target = NewVector(order.Count);
            for (var i = 0; i < order.Count; i++)
            {
                var (part, row) = order[i];
                if (part >= 0) target[i] = WeightReader.Widen(Dtype(views[part]), views[part].Data, _tensors.Order(projections[part] + ".bias").InFile(parts[part].FirstRow + row));
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
