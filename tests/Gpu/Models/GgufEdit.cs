using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Rewrites GGUF files as others might have written them, or broken them.</summary>
internal static class GgufEdit
{
    /// <summary>The file without a key, or without a tensor.</summary>
    public static void Without(string path, string name) => Rewrite(path, key => key != name, entry => entry.Name == name ? [] : [(entry.Name, entry)]);

    /// <summary>Experts' matrices each by itself, as older files have them.</summary>
    public static void SplitExperts(string path) => Rewrite(path, _ => true, entry =>
        entry.Shape.Length < 3 ? [(entry.Name, entry)] : [.. Enumerable.Range(0, (int)entry.Shape[0]).Select(expert => (GgufNames.OfOneExpert(entry.Name, expert), Slice(entry, expert)))]);

    private static TensorEntry Slice(TensorEntry entry, int expert)
    {
        var bytes = entry.LengthBytes / entry.Shape[0];
        return entry with { Shape = entry.Shape[1..], OffsetBytes = entry.OffsetBytes + expert * bytes, LengthBytes = bytes };
    }

    private static unsafe void Rewrite(string path, Func<string, bool> keeps, Func<TensorEntry, (string Name, TensorEntry Entry)[]> become)
    {
        var target = path + ".edited";
        using (var file = GgufFile.Open(path))
        {
            using var writer = new GgufWriter(target);
            foreach (var (key, value) in file.Metadata.Values.Where(pair => keeps(pair.Key))) writer.Set(key, value);
            var tensors = file.Tensors.Values.SelectMany(become).ToList();
            foreach (var (name, entry) in tensors)
            {
                Assert.True(WeightDtypes.TryParse(entry.Dtype, out var dtype));
                writer.Add(name, Array.ConvertAll(entry.Shape, dimension => (int)dimension), dtype);
            }

            writer.WriteHead();
            foreach (var (_, entry) in tensors)
            {
                using var view = file.Map(entry);
                writer.Write(new ReadOnlySpan<byte>(view.Data, (int)entry.LengthBytes));
                writer.Pad();
            }
        }

        File.Move(target, path, overwrite: true);
    }
}
