using Akka.Remote.Wire;

namespace ActorInference.Standins.Remote.Tests;

/// <summary>Frames, as they come out of a stream that splits and corrupts them.</summary>
public sealed class FrameTests
{
    private const int Limit = 200_000;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Frames_come_out_as_they_went_in_however_the_stream_is_split(int seed)
    {
        var random = new Random(seed);
        var frames = RandomFrames(random, 60);
        using var reader = new FrameReader(new SplittingStream(await BytesOfAsync(frames), random), Limit);

        foreach (var (kind, header, payload) in frames)
        {
            Assert.True(await reader.ReadAsync(default), $"seed {seed}");
            Assert.True(
                kind == reader.Kind && header.AsSpan().SequenceEqual(reader.Header.Span) && payload.AsSpan().SequenceEqual(reader.Payload),
                $"seed {seed}: a frame of {header.Length} and {payload.Length} bytes came out changed");
        }

        Assert.False(await reader.ReadAsync(default), $"seed {seed}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_stream_that_ends_within_a_frame_is_an_error(int seed)
    {
        var random = new Random(seed);
        var bytes = await BytesOfAsync(RandomFrames(random, 1));
        using var reader = new FrameReader(new SplittingStream(bytes[..random.Next(1, bytes.Length)], random), Limit);

        await Assert.ThrowsAsync<WireFormatException>(async () => await reader.ReadAsync(default));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Corrupted_frames_end_in_a_format_error_or_in_other_frames_and_in_nothing_else(int seed)
    {
        var random = new Random(seed);
        var bytes = await BytesOfAsync(RandomFrames(random, 20));
        for (var i = 0; i < 20; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        using var reader = new FrameReader(new SplittingStream(bytes, random), Limit);

        var total = 0L;
        try
        {
            while (await reader.ReadAsync(default)) total += reader.Header.Length + reader.Payload.Length;
        }
        catch (WireFormatException)
        {
            // As it should be.
        }

        Assert.True(total <= bytes.Length, $"seed {seed}: {total} bytes were read out of {bytes.Length}");
    }

    [Fact]
    public async Task A_frame_over_the_limit_is_refused_before_it_is_read()
    {
        var bytes = await BytesOfAsync([(FrameKind.Message, new byte[10], new byte[Limit])]);
        using var reader = new FrameReader(new MemoryStream(bytes), Limit);

        var error = await Assert.ThrowsAsync<WireFormatException>(async () => await reader.ReadAsync(default));

        Assert.Contains($"over the limit of {Limit}", error.Message);
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 25)];

    private static List<(FrameKind Kind, byte[] Header, byte[] Payload)> RandomFrames(Random random, int count)
    {
        var frames = new List<(FrameKind, byte[], byte[])>();
        for (var i = 0; i < count; i++)
        {
            var header = new byte[random.Next(3) == 0 ? random.Next(5000) : random.Next(40)];
            var payload = new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(150_000), _ => random.Next(500) }];
            random.NextBytes(header);
            random.NextBytes(payload);
            frames.Add(((FrameKind)random.Next(1, 11), header, payload));
        }

        return frames;
    }

    private static async Task<byte[]> BytesOfAsync(List<(FrameKind Kind, byte[] Header, byte[] Payload)> frames)
    {
        var stream = new MemoryStream();
        using var writer = new FrameWriter(stream);
        foreach (var (kind, header, payload) in frames)
        {
            if (FrameWriter.IsDirect(payload)) await writer.WriteDirectAsync(kind, header, payload, default);
            else writer.Write(kind, header, payload);
            if (writer.IsFull) await writer.FlushAsync(default);
        }

        await writer.FlushAsync(default);
        return stream.ToArray();
    }
}
