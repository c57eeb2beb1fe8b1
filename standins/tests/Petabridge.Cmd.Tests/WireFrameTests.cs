using System.Text;
using Petabridge.Cmd.Wire;

namespace ActorInference.Standins.Petabridge.Cmd.Tests;

public sealed class WireFrameTests
{
    /// <summary>Frames as they are on the wire for good; see docs/formats/console.md.</summary>
    [Fact]
    public void Frames_have_the_bytes_that_the_format_says()
    {
        Assert.Equal("AICMD/1\n", Encoding.ASCII.GetString(WireFrames.Magic));
        AssertBytes(
            [0, 0, 0, 79], """{"id":1,"cancel":false,"palette":"log","command":"tail","arguments":["-n","5"]}""",
            WireFrames.Encode(new WireRequest(1, false, "log", "tail", ["-n", "5"]), WireJson.Default.WireRequest));
        AssertBytes(
            [0, 0, 0, 54], """{"id":1,"text":"hello","isFinal":true,"isError":false}""",
            WireFrames.Encode(new WireReply(1, "hello", true, false), WireJson.Default.WireReply));
    }

    [Fact]
    public async Task Frames_are_read_however_the_bytes_are_split()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var sent = Enumerable.Range(0, random.Next(1, 8)).Select(id => new WireReply(id, new string('x', random.Next(200)), random.Next(2) == 0, false)).ToList();
            var bytes = sent.SelectMany(reply => WireFrames.Encode(reply, WireJson.Default.WireReply)).ToArray();
            var stream = new SplitStream(bytes, random);
            foreach (var expected in sent) Assert.True(expected == await ReadAsync(stream), $"Seed {seed}, round {round}");
            Assert.Null(await ReadAsync(stream));
        }
    }

    [Fact]
    public async Task Changed_or_cut_frames_are_refused_and_never_read_past_their_limit()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var whole = WireFrames.Encode(new WireReply(1, "hello", true, false), WireJson.Default.WireReply);
        for (var round = 0; round < 5000; round++)
        {
            var bytes = whole[..random.Next(1, whole.Length + 1)];
            for (var changes = random.Next(1, 4); changes > 0; changes--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                await ReadAsync(new SplitStream(bytes, random));
            }
            catch (WireException)
            {
                // Refused, as it should be.
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, round {round}, {Convert.ToHexString(bytes)}: {e}");
            }
        }
    }

    private static void AssertBytes(byte[] header, string json, byte[] frame)
    {
        Assert.Equal(json, Encoding.UTF8.GetString(frame.AsSpan(4)));
        Assert.Equal(header, frame[..4]);
    }

    private static Task<WireReply?> ReadAsync(Stream stream) => WireFrames.ReadAsync(stream, 1024, WireJson.Default.WireReply, CancellationToken.None);

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class SplitStream(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, 9))], cancellationToken);
    }
}
