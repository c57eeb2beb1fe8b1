using System.Security.Cryptography;
using System.Text;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Host.Composition;

/// <summary>
/// Tells the weights of a model folder from other ones: a hash of its configuration and of samples from all over each
/// weights file. Other weights differ nearly everywhere, so that samples tell them apart without reading it all.
/// </summary>
public static class WeightsFingerprint
{
    private const int Samples = 256;
    private const int SampleBytes = 4096;

    /// <param name="folder">A model's folder, or its GGUF file.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static string Of(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var config = Path.Combine(folder, "config.json");
        if (File.Exists(config)) hash.AppendData(File.ReadAllBytes(config));
        var sample = new byte[SampleBytes];
        string[] files = GgufFile.Find(folder) is { } gguf ? [gguf] : Directory.GetFiles(folder, "*.safetensors");
        foreach (var path in files.Order(StringComparer.Ordinal))
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(path)}:{length};"));
            for (var i = 0; i < Samples; i++)
            {
                var read = RandomAccess.Read(file, sample, (long)((double)i / Samples * length));
                hash.AppendData(sample, 0, read);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }
}
