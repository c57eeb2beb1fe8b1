using ActorInference.Actors.Kv;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Tests.Composition;

public sealed class KvBudgetTests
{
    private const int ContextTokens = 8192;

    /// <summary>Llama-3-8B's, 16 tokens of BF16.</summary>
    private static readonly KvPageLayout Layout = new(Layers: 32, PageSizeTokens: 16, KvHeads: 8, HeadDim: 128, KvDtype.BF16);

    [Fact]
    public void A_device_has_pages_for_all_that_a_worker_runs_as_far_as_its_memory_goes()
    {
        Assert.Equal(64 * ContextTokens / 16, KvBudget.Pages(Layout, ContextTokens, null, null, deviceBytes: 1L << 40));
        Assert.Equal((int)((98L << 30) / Layout.PageBytes), KvBudget.Pages(Layout, 8 * ContextTokens, null, null, deviceBytes: 98L << 30));
        Assert.Equal(1, KvBudget.Pages(Layout, ContextTokens, null, null, deviceBytes: 1));
    }

    [Fact]
    public void More_pages_than_a_device_has_memory_for_are_refused()
    {
        Assert.Equal(10, KvBudget.Pages(Layout, ContextTokens, 10, null, deviceBytes: 10L * Layout.PageBytes));
        var error = Assert.Throws<UserErrorException>(() => KvBudget.Pages(Layout, ContextTokens, 11, null, deviceBytes: 10L * Layout.PageBytes));
        Assert.Contains("expected 1 to 10", error.Message);
    }
}
