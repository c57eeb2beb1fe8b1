using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Tests.Kv;

public sealed class KvPageLayoutTests
{
    [Theory]
    [InlineData(KvDtype.F32, 4)]
    [InlineData(KvDtype.F16, 2)]
    [InlineData(KvDtype.BF16, 2)]
    [InlineData(KvDtype.F8, 1)]
    public void A_page_is_keys_then_values_layer_by_layer(KvDtype dtype, int elementBytes)
    {
        var layout = new KvPageLayout(Layers: 3, PageSizeTokens: 16, KvHeads: 2, HeadDim: 8, dtype);

        Assert.Equal(16 * 2 * 8 * elementBytes, layout.PlaneBytes);
        Assert.Equal(2 * layout.PlaneBytes, layout.LayerBytes);
        Assert.Equal(3 * layout.LayerBytes, layout.PageBytes);
    }

    [Theory]
    [InlineData(64, 64 + 2 * 2)]
    [InlineData(80, 80 + 3 * 2)]
    [InlineData(8, 8 + 2)]
    public void A_quantized_head_has_a_scale_for_every_32_elements(int headDim, int headBytes)
    {
        var layout = new KvPageLayout(Layers: 3, PageSizeTokens: 16, KvHeads: 2, headDim, KvDtype.Q8_0);

        Assert.Equal(16 * 2 * headBytes, layout.PlaneBytes);
        Assert.Equal(3 * 2 * layout.PlaneBytes, layout.PageBytes);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(16, 1)]
    [InlineData(17, 2)]
    public void A_page_begun_is_a_page(int tokens, int pages)
    {
        Assert.Equal(pages, new KvPageLayout(1, 16, 1, 8, KvDtype.F32).PagesFor(tokens));
    }

    [Fact]
    public void An_unknown_dtype_has_no_size()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ((KvDtype)9).HeadBytes(8));
    }
}
