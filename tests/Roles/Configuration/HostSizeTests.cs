using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Configuration;
using Akka.Configuration;

namespace ActorInference.Roles.Tests.Configuration;

public sealed class HostSizeTests
{
    private const long Free = 1 << 20;

    [Theory]
    [InlineData(7, 4096, 3.0, 7)]
    [InlineData(0, 4096, 3.0, 64)]
    [InlineData(0, 0, 3.0, 30)]
    [InlineData(0, 0, 0.0, 0)]
    [InlineData(0, 0, 1000.0, 2048)]
    public void Pages_count_before_bytes_bytes_before_the_ratio_and_the_ratio_has_a_limit(int pages, long bytes, double ratio, int expected)
    {
        using var device = ScriptedRunner.Pool(10);
        Assert.Equal(64, device.Layout.PageBytes);

        Assert.Equal(expected, new HostSize(pages, bytes, ratio, MemoryShare: 0.125).PagesBeside(device, Free));
    }

    [Fact]
    public void By_default_host_memory_holds_as_much_as_the_device_and_at_most_an_eighth_of_what_is_free()
    {
        var size = InferenceSettings.Read(InferenceSettings.Reference).Tiers.HostSize;

        Assert.Equal(new HostSize(0, 0, 1, 0.125), size);
        var given = InferenceSettings.Read(ConfigurationFactory.ParseString("actor-inference.cache.l2.size = 64MiB").WithFallback(InferenceSettings.Reference)).Tiers.HostSize;
        Assert.Equal(64 << 20, given.Bytes);
    }
}
