namespace ActorInference.Gpu.Models;

/// <summary>
/// All tensors of a model folder, in <c>model.safetensors</c> or in the shards that
/// <c>model.safetensors.index.json</c> lists.
/// </summary>
internal sealed class TensorFolder : ITensorSource
{
    private const string SingleFile = "model.safetensors";

    private readonly Dictionary<string, SafetensorsFile> _files;
    private readonly Dictionary<string, SafetensorsFile> _fileOfTensor;

    private TensorFolder(string listing, Dictionary<string, SafetensorsFile> files, Dictionary<string, SafetensorsFile> fileOfTensor)
    {
        Listing = listing;
        _files = files;
        _fileOfTensor = fileOfTensor;
    }

    /// <summary>The file that says which tensors there are; named when one is missing.</summary>
    public string Listing { get; }

    /// <exception cref="ModelFormatException">No weights, or a file breaks its format.</exception>
    public static TensorFolder Open(string folder)
    {
        var single = Path.Combine(folder, SingleFile);
        if (File.Exists(single))
        {
            var file = SafetensorsFile.Open(single);
            return new TensorFolder(single, new() { [SingleFile] = file }, file.Tensors.Keys.ToDictionary(name => name, _ => file));
        }

        var index = Path.Combine(folder, SafetensorsShards.IndexFile);
        return File.Exists(index)
            ? OpenShards(folder, index)
            : throw new ModelFormatException(single, "file", "missing", $"weights in {SingleFile} or in shards listed by {SafetensorsShards.IndexFile}");
    }

    public (string Path, TensorEntry Entry) Find(string name)
    {
        var file = FileOf(name);
        return (file.Path, file.Tensors[name]);
    }

    public TensorView Map(string name)
    {
        var file = FileOf(name);
        return file.Map(file.Tensors[name]);
    }

    /// <summary>Maps a part of a tensor.</summary>
    /// <param name="part">Within its data.</param>
    public TensorView Map(string name, TensorEntry part) => FileOf(name).Map(part);

    public bool HasWholeNorms => false;

    public RowOrder Order(string name) => default;

    private SafetensorsFile FileOf(string name) =>
        _fileOfTensor.TryGetValue(name, out var file)
            ? file
            : throw new ModelFormatException(Listing, name, "missing", "a tensor that the architecture in config.json needs");

    public void Dispose()
    {
        foreach (var file in _files.Values) file.Dispose();
    }

    private static TensorFolder OpenShards(string folder, string index)
    {
        var fields = JsonFields.Read(index, "an index of safetensors shards");
        var map = fields.Object("weight_map") ?? throw fields.Missing("weight_map", "an object from tensor to file");
        var files = new Dictionary<string, SafetensorsFile>();
        try
        {
            var fileOfTensor = new Dictionary<string, SafetensorsFile>();
            foreach (var property in map.Properties())
            {
                var shard = map.Text(property.Name)!;
                CheckShardName(map, property.Name, shard);
                if (!files.TryGetValue(shard, out var file))
                    files[shard] = file = SafetensorsFile.Open(Path.Combine(folder, shard));
                if (!file.Tensors.ContainsKey(property.Name))
                    throw map.Error(property.Name, shard, "the shard that holds the tensor; this one does not");
                fileOfTensor[property.Name] = file;
            }

            return new TensorFolder(index, files, fileOfTensor);
        }
        catch
        {
            foreach (var file in files.Values) file.Dispose();
            throw;
        }
    }

    /// <summary>An index must not lead out of its folder.</summary>
    private static void CheckShardName(JsonFields map, string tensor, string? shard)
    {
        if (string.IsNullOrEmpty(shard) || shard != Path.GetFileName(shard) || !shard.EndsWith(".safetensors", StringComparison.Ordinal))
            throw map.Error(tensor, JsonFields.OneLine(shard ?? "null"), "the name of a .safetensors file in the same folder");
    }
}
