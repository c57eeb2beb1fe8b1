using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Tests.Kv;

public sealed class KvCompatibilityTests
{
    private static readonly KvTransferFormat Format = KvTransferFormat.Of(new KvPageLayout(Layers: 4, PageSizeTokens: 16, KvHeads: 2, HeadDim: 8, KvDtype.F32));

    [Fact]
    public void Equal_formats_are_a_pair_and_so_are_workers_that_exchange_nothing()
    {
        Assert.Null(KvCompatibility.Explain(Format, Format with { Layout = Format.Layout with { } }));
        Assert.Null(KvCompatibility.Explain(null, null));
    }

    [Fact]
    public void All_that_differs_is_said()
    {
        var other = new KvTransferFormat(3, new KvPageLayout(2, 64, 1, 16, KvDtype.BF16));

        Assert.Equal(
            "protocol version 2 and 3, layers 4 and 2, tokens a page 16 and 64, KV heads 2 and 1, head dimension 8 and 16, dtype F32 and BF16",
            KvCompatibility.Explain(Format, other));
        Assert.Equal("dtype F32 and F16", KvCompatibility.Explain(Format, Format with { Layout = Format.Layout with { Dtype = KvDtype.F16 } }));
    }

    [Fact]
    public void A_worker_that_does_not_say_its_format_is_no_partner_for_one_that_does()
    {
        Assert.NotNull(KvCompatibility.Explain(Format, null));
        Assert.NotNull(KvCompatibility.Explain(null, Format));
    }
}
