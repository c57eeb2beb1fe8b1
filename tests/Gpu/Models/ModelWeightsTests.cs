using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Broken weight files: each is one clear error that names the file and the tensor.</summary>
public sealed class ModelWeightsTests : IDisposable
{
    private const string Query = "model.layers.0.self_attn.q_proj.weight";

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_good_folder_loads_and_reports_progress_to_the_last_byte()
    {
        var reports = new List<LoadProgress>();

        using var weights = ModelWeights.Load(_folder.Path, new Recorder(reports));

        Assert.Equal(reports[^1].TotalBytes, reports[^1].LoadedBytes);
        Assert.Equal(reports.Select(r => r.LoadedBytes), reports.Select(r => r.LoadedBytes).Order());
        Assert.True(weights.MatmulBytes < weights.LengthBytes);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        File.Delete(_folder.Weights);

        AssertFails("model.safetensors: file is missing");
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        _folder.EditHeader(header => Rename(header, Query, "unknown"));

        AssertFails($"{Query} is missing");
    }

    [Fact]
    public void A_wrong_dtype_is_named()
    {
        _folder.EditHeader(header => header[Query]!["dtype"] = "I32");

        AssertFails($"{Query}.dtype is I32; expected F32, F16 or BF16");
    }

    [Fact]
    public void An_unknown_dtype_is_named()
    {
        _folder.EditHeader(header => header[Query]!["dtype"] = "Q4_0");

        AssertFails($"{Query}.dtype is Q4_0");
    }

    [Fact]
    public void A_wrong_shape_is_named()
    {
        _folder.EditHeader(header => header[Query]!["shape"] = new JsonArray(16, 64));

        AssertFails($"{Query}.shape is [16, 64]; expected [32, 32]");
    }

    [Fact]
    public void A_shape_that_is_not_the_size_of_the_data_is_named()
    {
        _folder.EditHeader(header => header[Query]!["shape"] = new JsonArray(32, 33));

        AssertFails($"{Query}.data_offsets is 4096 bytes long");
    }

    [Fact]
    public void A_shape_of_astronomic_size_is_named()
    {
        _folder.EditHeader(header => header[Query]!["shape"] = new JsonArray(long.MaxValue, long.MaxValue, 4));

        AssertFails($"{Query}.data_offsets");
    }

    [Fact]
    public void A_truncated_file_is_told()
    {
        var bytes = File.ReadAllBytes(_folder.Weights);
        File.WriteAllBytes(_folder.Weights, bytes[..^5000]);

        AssertFails("the file is truncated");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(100)]
    public void A_file_that_ends_within_its_header_is_told(int length)
    {
        File.WriteAllBytes(_folder.Weights, File.ReadAllBytes(_folder.Weights)[..length]);

        AssertFails("truncated");
    }

    [Fact]
    public void Bytes_after_the_last_tensor_are_told()
    {
        File.AppendAllText(_folder.Weights, "more");

        AssertFails("bytes of data");
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    public void An_absurd_header_length_is_told(ulong length)
    {
        _folder.WriteWeights("{}"u8, [], length);

        AssertFails("header length");
    }

    [Fact]
    public void Overlapping_tensors_are_told()
    {
        _folder.EditHeader(header =>
        {
            var first = header.First(entry => entry.Value?["shape"] is JsonArray { Count: 2 } shape && entry.Key != Query && Same(shape, 32, 32)).Value!;
            header[Query]!["data_offsets"] = first["data_offsets"]!.DeepClone();
        });

        AssertFails("data_offsets");
    }

    [Fact]
    public void A_tensor_listed_twice_is_told()
    {
        _folder.WriteWeights(Encoding.UTF8.GetBytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"""), new byte[8]);

        AssertFails("listed twice");
    }

    [Fact]
    public void A_weight_that_is_no_number_is_told()
    {
        var bytes = File.ReadAllBytes(_folder.Weights);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 8), float.NaN);
        File.WriteAllBytes(_folder.Weights, bytes);

        AssertFails("not finite");
    }

    [Fact]
    public void A_shard_that_is_missing_is_named()
    {
        using var sharded = new ModelFolder("llama3");
        File.Delete(sharded.File("model-00002-of-00002.safetensors"));

        AssertFails("model-00002-of-00002.safetensors: file is missing", sharded);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("model.bin")]
    public void An_index_cannot_lead_out_of_its_folder(string shard)
    {
        using var sharded = new ModelFolder("llama3");
        var index = sharded.File("model.safetensors.index.json");
        var json = JsonNode.Parse(File.ReadAllText(index))!;
        json["weight_map"]!["model.norm.weight"] = shard;
        File.WriteAllText(index, json.ToJsonString());

        AssertFails("weight_map.model.norm.weight", sharded);
    }

    [Fact]
    public void An_index_that_names_the_wrong_shard_is_told()
    {
        using var sharded = new ModelFolder("llama3");
        var index = sharded.File("model.safetensors.index.json");
        var json = JsonNode.Parse(File.ReadAllText(index))!;
        json["weight_map"]!["model.norm.weight"] = "model-00001-of-00002.safetensors";
        File.WriteAllText(index, json.ToJsonString());

        AssertFails("this one does not", sharded);
    }

    [Fact]
    public void Weights_of_different_types_meet_in_one_matrix()
    {
        using var mixed = new ModelFolder();
        ToBF16(mixed, "model.layers.0.self_attn.k_proj.weight");

        using var weights = ModelWeights.Load(mixed.Path);

        Assert.Equal(1, weights.Config.Layers);
    }

    private static bool Same(JsonArray shape, params long[] expected) => shape.Select(d => d!.GetValue<long>()).SequenceEqual(expected);

    private static void Rename(JsonObject header, string from, string to)
    {
        var entry = header[from]!.DeepClone();
        header.Remove(from);
        header[to] = entry;
    }

    /// <summary>Rewrites the file with one tensor at half its size.</summary>
    private static void ToBF16(ModelFolder folder, string name)
    {
        var bytes = File.ReadAllBytes(folder.Weights);
        var headerLength = (int)BitConverter.ToUInt64(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(8, headerLength))!.AsObject();
        var data = new MemoryStream();
        foreach (var (tensor, entry) in header.Where(e => e.Key != "__metadata__"))
        {
            var begin = entry!["data_offsets"]![0]!.GetValue<int>();
            var source = bytes.AsSpan(8 + headerLength + begin, entry["data_offsets"]![1]!.GetValue<int>() - begin);
            var start = data.Length;
            for (var i = 0; i < source.Length; i += 4) data.Write(tensor == name ? source.Slice(i + 2, 2) : source.Slice(i, 4));
            entry["data_offsets"] = new JsonArray(start, data.Length);
            if (tensor == name) entry["dtype"] = "BF16";
        }

        folder.WriteWeights(Encoding.UTF8.GetBytes(header.ToJsonString()), data.ToArray());
    }

    private void AssertFails(string part, ModelFolder? folder = null)
    {
        var error = Assert.Throws<ModelFormatException>(() => ModelWeights.Load((folder ?? _folder).Path).Dispose());
        Assert.Contains(part, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private sealed class Recorder(List<LoadProgress> reports) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => reports.Add(value);
    }
}
