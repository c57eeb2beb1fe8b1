using System.Buffers.Binary;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Kv;

namespace ActorInference.Cache.Tests.Transfer;

/// <summary>Whatever a client sends, a server says exactly what the format's description has it say, and holds no page afterwards.</summary>
public sealed class PageSessionFuzzTests : IDisposable
{
    private const int Rounds = 25_000;
    private const int PageBytes = 256;

    private readonly KvPagePool _pool = new(new KvPageLayout(Layers: 2, PageSizeTokens: 4, KvHeads: 1, HeadDim: 4, KvDtype.F32), 16);
    private readonly int[] _pages = new int[8];
    private readonly byte[][] _contents;

    public PageSessionFuzzTests()
    {
        Assert.True(_pool.TryAllocate(_pages));
        foreach (var page in _pages) new Random(page).NextBytes(_pool.Bytes(page).Span);
        _contents = [.. _pages.Select(page => _pool.Bytes(page).ToArray())];
    }

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_server_answers_mutated_frames_as_described_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var input = FrameMutations.Mutate([.. Greeting(), .. Enumerable.Range(0, random.Next(1, 4)).SelectMany(_ => Request(random))], random);
            var stream = new ScriptedStream(input, random);
            try
            {
                new PageSession(_pool, stream, new MemoryOutput(_pool, stream), new TransferClock(TimeProvider.System, TimeSpan.FromMinutes(1), 1_000)).Run();
            }
            catch (Exception ended) when (ended is TransferException or IOException)
            {
                // How a connection ends; what was answered before counts.
            }

            Assert.True(stream.Written.SequenceEqual(Expected(input)), $"Seed {seed}, round {round}: wrong answer to {Convert.ToHexString(input)}.");
            Assert.True(_pool.UsedPages == _pages.Length, $"Seed {seed}, round {round}: {_pool.UsedPages} pages are held.");
        }

        _pool.Release(_pages);
        Assert.Equal(0, _pool.UsedPages);   // No reference was left of any.
    }

    private byte[] Greeting()
    {
        var greeting = new byte[PageWire.GreetingBytes];
        PageWire.WriteGreeting(greeting, _pool.Id, KvTransferFormat.Of(_pool.Layout));
        return greeting;
    }

    private byte[] Request(Random random)
    {
        var count = random.Next(1, 6);
        var request = new byte[4 + count * PageWire.StretchBytes];
        BinaryPrimitives.WriteInt32LittleEndian(request, count);
        for (var i = 0; i < count; i++)
        {
            var (page, offset) = (_pages[random.Next(_pages.Length)], random.Next(2) * random.Next(PageBytes));
            PageWire.WriteStretch(request.AsSpan(4 + i * PageWire.StretchBytes), new PageWire.Stretch(new KvPageReference(page, 0), offset, PageBytes - offset));
        }

        return request;
    }

    /// <summary>docs/formats/kv-transfer.md, step by step, from plain copies of the pages.</summary>
    private byte[] Expected(byte[] input)
    {
        const int greetingBytes = 48;
        List<byte> output = [];
        if (input.Length < greetingBytes || !input.AsSpan(0, 8).SequenceEqual("AIKVPAGE"u8)) return [];
        var honest = Greeting();
        var answer = !input.AsSpan(24, 24).SequenceEqual(honest.AsSpan(24)) ? 3 : !input.AsSpan(8, 16).SequenceEqual(honest.AsSpan(8, 16)) ? 2 : 1;
        output.AddRange(BitConverter.GetBytes(answer));
        output.AddRange(honest.AsSpan(24));
        if (answer != 1) return [.. output];
        var rest = input.AsSpan(greetingBytes);
        while (rest.Length >= 4 && BinaryPrimitives.ReadInt32LittleEndian(rest) is >= 1 and <= 1024 and var count && rest.Length >= 4 + 16 * count)
        {
            if (!Respond(rest.Slice(4, 16 * count), output)) break;
            rest = rest[(4 + 16 * count)..];
        }

        return [.. output];
    }

    /// <returns>Whether the connection goes on.</returns>
    private bool Respond(ReadOnlySpan<byte> stretches, List<byte> output)
    {
        List<byte> bytes = [];
        var gone = -1;
        for (var i = 0; i < stretches.Length / 16; i++)
        {
            var fields = stretches.Slice(16 * i, 16).ToArray();
            var (page, generation) = (BitConverter.ToInt32(fields, 0), BitConverter.ToInt32(fields, 4));
            var (offset, length) = ((long)BitConverter.ToInt32(fields, 8), (long)BitConverter.ToInt32(fields, 12));
            if (offset < 0 || length < 1 || offset + length > PageBytes) return false;
            var index = Array.IndexOf(_pages, page);
            if ((index < 0 || generation != 0) && gone < 0) gone = i;
            if (index >= 0) bytes.AddRange(_contents[index].AsSpan((int)offset, (int)length));
        }

        output.AddRange(BitConverter.GetBytes(gone < 0 ? 1 : 2));
        output.AddRange(BitConverter.GetBytes(Math.Max(gone, 0)));
        if (gone < 0) output.AddRange(bytes);
        return true;
    }
}
