using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>What encoding allocates when warm, and long inputs of the worst kinds.</summary>
public sealed class EncodeCostTests
{
    private const int Slack = 512;
    private const int ArrayHeader = 24;

    [Fact]
    public void A_warm_byte_level_tokenizer_allocates_its_result_only()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(ReferenceTokenizers.Root, "models", "demo"));
        var (ids, allocated) = EncodeWarm(tokenizer, Prose());
        Assert.InRange(allocated, 1, (4L * ids) + ArrayHeader + Slack);
    }

    [Fact]
    public void Normalizing_a_text_that_is_normal_already_allocates_nothing()
    {
        var tokenizer = TokenizerFolder.Load(json => json["normalizer"] = new JsonObject { ["type"] = "NFC" });
        var (ids, allocated) = EncodeWarm(tokenizer, Prose() + " é世🙂");
        Assert.InRange(allocated, 1, (4L * ids) + ArrayHeader + Slack);
    }

    [SkippableFact]
    public void A_warm_byte_fallback_tokenizer_allocates_its_result_and_copies_of_the_text()
    {
        var text = Prose();
        var (ids, allocated) = EncodeWarm(Tokenizer.Load(Stories.Find().Folder), text);
        Assert.InRange(allocated, 1, (4L * ids) + (3 * sizeof(char) * text.Length) + Slack);   // One for each step of its normalizer.
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("<")]
    [InlineData("<|")]
    [InlineData("'")]
    [InlineData("\u0301")]
    [InlineData("\u0301\u0327")]
    [InlineData("🙂")]
    public void A_hundred_thousand_of_one_character_come_back(string unit)
    {
        var tokenizer = TokenizerFolder.Load(json =>
        {
            json["normalizer"] = new JsonObject { ["type"] = "NFD" };
            json["pre_tokenizer"]!["use_regex"] = true;
        });
        var text = string.Concat(Enumerable.Repeat(unit, 100_000 / unit.Length));

        var decoded = tokenizer.Decode(tokenizer.Encode(text));

        Assert.Equal(text.Length, decoded.Length);
        Assert.Equal(text.Order(), decoded.Order());   // Marks come back in canonical order.
    }

    private static (int Ids, long Allocated) EncodeWarm(Tokenizer tokenizer, string text)
    {
        for (var i = 0; i < 3; i++) tokenizer.Encode(text);
        // A collection that another test causes takes the buffers that are kept for the next text; the least of several rounds is what encoding itself takes.
        var (ids, allocated) = (0, long.MaxValue);
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            ids = tokenizer.Encode(text).Length;
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return (ids, allocated);
    }

    private static string Prose()
    {
        var text = new StringBuilder();
        for (var i = 0; text.Length < 10_000; i++) text.Append("The worker ").Append(i).Append(" said it's done; nobody knew which pages were free.\n");
        return text.ToString();
    }
}
