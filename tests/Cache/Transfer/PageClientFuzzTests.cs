using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Kv;

namespace ActorInference.Cache.Tests.Transfer;

/// <summary>Whatever a server sends, a client accepts the pages that were announced or none, and writes nowhere else.</summary>
public sealed class PageClientFuzzTests : IDisposable
{
    private const int Rounds = 25_000;

    private static readonly KvPageLayout Layout = new(Layers: 2, PageSizeTokens: 4, KvHeads: 1, HeadDim: 4, KvDtype.F32);

    private readonly KvPagePool _sender = new(Layout, 8);
    private readonly KvPagePool _receiver = new(Layout, 8);
    private readonly int[] _sent = new int[8];
    private readonly int[] _all = new int[8];

    public PageClientFuzzTests()
    {
        Assert.True(_sender.TryAllocate(_sent) && _receiver.TryAllocate(_all));
        foreach (var page in _sent) new Random(page).NextBytes(_sender.Bytes(page).Span);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_client_accepts_no_page_that_was_not_sent_and_writes_nowhere_else(int seed)
    {
        var random = new Random(seed);
        var (accepted, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var count = random.Next(1, 5);
            int[] pages = [.. Enumerable.Range(0, count).Select(_ => _sent[random.Next(_sent.Length)])];
            var local = _all.AsMemory(random.Next(_all.Length - count + 1), count);
            foreach (var page in _all) _receiver.Bytes(page).Span.Fill((byte)round);
            var stream = new ScriptedStream(FrameMutations.Mutate(Response(pages, random), random), random);
            var where = $"Seed {seed}, round {round}";
            if (Fetches(stream, pages, local, where))
            {
                accepted++;
                for (var i = 0; i < count; i++)
                    Assert.True(_sender.Bytes(pages[i]).Span.SequenceEqual(_receiver.Bytes(local.Span[i]).Span), $"{where}: page {i} was accepted and is not what was sent.");
            }
            else
            {
                refused++;
            }

            foreach (var page in _all.Where(page => !local.Span.Contains(page)))
                Assert.True(!_receiver.Bytes(page).Span.ContainsAnyExcept((byte)round), $"{where}: page {page} was written, which nobody asked for.");
        }

        Assert.True(accepted > Rounds / 10 && refused > Rounds / 10, $"Seed {seed}: {accepted} were accepted and {refused} refused; both should be many.");
    }

    private bool Fetches(Stream stream, int[] pages, ReadOnlyMemory<int> local, string where)
    {
        ImmutableArray<uint> checksums = [.. pages.Select(page => PageChecksum.Compute(_sender.Bytes(page).Span))];
        var message = new KvTransferProtocol.KvPages(
            new AttemptId(new RequestId("fuzz"), 0),
            1,
            _sender.Id,
            0,
            [.. pages.Select(page => new KvPageReference(page, 0))],
            null,
            new KvTransferProtocol.RemotePages(new KvPageSource(Layout, 8, null, "127.0.0.1", 1), checksums));
        try
        {
            var client = new PageClient(stream, "the fuzzer");
            client.Greet(_sender.Id, KvTransferFormat.Of(Layout));
            client.Fetch(new PageJob(message, _receiver, local, 1).Parts[0]);
            return true;
        }
        catch (Exception expected) when (expected is TransferException or IOException)
        {
            return false;
        }
        catch (Exception unexpected)
        {
            throw new InvalidOperationException($"{where}: {unexpected.Message}", unexpected);
        }
    }

    /// <summary>What an honest server says, now and then that a page is gone.</summary>
    private byte[] Response(int[] pages, Random random)
    {
        var answer = new byte[PageWire.AnswerBytes + PageWire.ResponseHeadBytes];
        PageWire.WriteAnswer(answer, PageWire.Answer.Welcome, KvTransferFormat.Of(Layout));
        var gone = random.Next(20) == 0;
        PageWire.WriteResponseHead(answer.AsSpan(PageWire.AnswerBytes), gone ? PageWire.ResponseState.Gone : PageWire.ResponseState.Here, gone ? random.Next(pages.Length) : 0);
        return gone ? answer : [.. answer, .. pages.SelectMany(page => _sender.Bytes(page).ToArray())];
    }
}
