using Akka.Remote.Wire;

namespace ActorInference.Standins.Remote.Tests;

public sealed class WireValueTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(127)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_number_comes_out_as_it_went_in(long value)
    {
        var reader = new WireReader(new WireWriter().VarInt(value).VarUInt((ulong)value).ToArray());

        Assert.Equal(value, reader.VarInt());
        Assert.Equal((ulong)value, reader.VarUInt());
        reader.End();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/user/a#123")]
    [InlineData("Grüße, 世界 🌍")]
    [InlineData("a long text, longer than what fits one byte of length, so that its length takes two: a long text, longer than what fits one byte of length")]
    public void A_text_comes_out_as_it_went_in(string text)
    {
        var reader = new WireReader(new WireWriter().Text(text).OptionalText(null).OptionalText(text).ToArray());

        Assert.Equal(text, reader.Text());
        Assert.Null(reader.OptionalText());
        Assert.Equal(text, reader.OptionalText());
        reader.End();
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_bytes_give_values_or_a_format_error(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(64)];
        random.NextBytes(bytes);
        for (var i = 0; i < 200; i++) Read(bytes, random);
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 50)];

    private static void Read(byte[] bytes, Random random)
    {
        var reader = new WireReader(bytes);
        try
        {
            while (!reader.IsAtEnd)
            {
                switch (random.Next(6))
                {
                    case 0: reader.Byte(); break;
                    case 1: reader.VarUInt(); break;
                    case 2: reader.VarInt(); break;
                    case 3: reader.Text(); break;
                    case 4: reader.OptionalText(); break;
                    default: reader.UInt32(); break;
                }
            }
        }
        catch (WireFormatException)
        {
            // The only error that there may be.
        }
    }
}
