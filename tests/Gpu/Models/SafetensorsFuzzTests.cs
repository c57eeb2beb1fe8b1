using System.Buffers.Binary;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Random damage to good files: they load, or fail with the one exception that says why.</summary>
public sealed class SafetensorsFuzzTests
{
    private static readonly string[] Fragments =
        ["-1", "99999999999999999999", "1e999", "null", "[]", "{}", "\"\"", "[0,0]", "\\ud800", "\"dtype\"", "true", "0", "9223372036854775807", "\"shape\":", ",", "}"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_damaged_header_never_fails_otherwise_than_by_its_own_exception(int seed)
    {
        using var folder = new ModelFolder();
        var good = File.ReadAllBytes(folder.Weights);
        var headerLength = (int)BinaryPrimitives.ReadUInt64LittleEndian(good);
        var random = new Random(seed);

        for (var i = 0; i < 1500; i++)
        {
            var header = Damage(good.AsSpan(8, headerLength).ToArray(), random);
            var length = random.Next(20) == 0 ? (ulong)random.NextInt64() : (ulong)header.Length;
            folder.WriteWeights(header, good.AsSpan(8 + headerLength), length);
            AssertOpensOrExplains(() => SafetensorsFile.Open(folder.Weights).Dispose(), seed, i);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void A_damaged_configuration_never_fails_otherwise_than_by_its_own_exception(int seed)
    {
        using var folder = new ModelFolder("llama3");
        var good = File.ReadAllBytes(folder.Config);
        var random = new Random(seed);

        for (var i = 0; i < 1500; i++)
        {
            File.WriteAllBytes(folder.Config, Damage([.. good], random));
            AssertOpensOrExplains(() => ModelConfig.Load(folder.Path), seed, i);
        }
    }

    [Fact]
    public void A_damaged_model_never_loads_otherwise_than_whole()
    {
        const int seed = 6;
        using var folder = new ModelFolder();
        var good = File.ReadAllBytes(folder.Weights);
        var random = new Random(seed);

        for (var i = 0; i < 300; i++)
        {
            var bytes = (byte[])good.Clone();
            for (var hit = random.Next(1, 4); hit > 0; hit--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(folder.Weights, random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            AssertOpensOrExplains(() => ModelWeights.Load(folder.Path).Dispose(), seed, i);
        }
    }

    private static byte[] Damage(byte[] text, Random random)
    {
        for (var hit = random.Next(1, 4); hit > 0; hit--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0:
                    text[at] = (byte)random.Next(256);
                    break;
                case 1:
                    text = [.. text[..at], .. text[Math.Min(text.Length, at + random.Next(1, 30))..]];
                    break;
                case 2:
                    text = [.. text[..at], .. System.Text.Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]), .. text[at..]];
                    break;
                case 3:
                    var from = random.Next(text.Length);
                    text = [.. text[..at], .. text[from..Math.Min(text.Length, from + random.Next(60))], .. text[at..]];
                    break;
                default:
                    if (char.IsAsciiDigit((char)text[at])) text[at] = (byte)('0' + random.Next(10));
                    break;
            }

            if (text.Length == 0) return "{"u8.ToArray();
        }

        return text;
    }

    private static void AssertOpensOrExplains(Action open, int seed, int round)
    {
        try
        {
            open();
        }
        catch (ModelFormatException error)
        {
            Assert.False(string.IsNullOrWhiteSpace(error.Field) && string.IsNullOrWhiteSpace(error.Message));
        }
        catch (Exception error)
        {
            Assert.Fail($"Seed {seed}, round {round}: {error}");
        }
    }
}
