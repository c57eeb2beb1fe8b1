using ActorInference.Actors.Kv;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Router;
using Akka.Configuration;

namespace ActorInference.Roles.Tests.Configuration;

public sealed class InferenceSettingsTests
{
    [Fact]
    public void The_reference_file_says_what_the_types_default_to()
    {
        var settings = InferenceSettings.Read(InferenceSettings.Reference);

        Assert.Equal(new GenerationOptions(), settings.Gateway);
        Assert.Equal(new RouterOptions(), settings.Router);
        Assert.Equal(new Gpu.Engine.EngineOptions(), settings.Prefill.Engine);
        Assert.Equal(new Cache.Tiers.StorageTierOptions(), settings.Tiers.Storage);
        Assert.Equal(settings.Prefill with { PrefixCache = settings.Decode.PrefixCache }, settings.Decode);
        Assert.Equal(settings.Prefill, settings.Both);
        Assert.True(settings.Decode.PrefixCache.Share > 0);
    }

    [Fact]
    public void A_role_overrides_the_common_engine_and_the_common_engine_the_default()
    {
        var settings = Read("actor-inference { engine { max-sequences = 9, max-step-tokens = 99 }, decode.engine.max-sequences = 3 }");

        Assert.Equal((9, 99), (settings.Prefill.Engine.MaxSequences, settings.Prefill.Engine.MaxStepTokens));
        Assert.Equal((3, 99), (settings.Decode.Engine.MaxSequences, settings.Decode.Engine.MaxStepTokens));
    }

    [Fact]
    public void The_type_of_keys_and_values_follows_the_device_unless_it_is_named()
    {
        Assert.Null(InferenceSettings.Read(InferenceSettings.Reference).KvDtype);
        Assert.Equal(KvDtype.BF16, Read("actor-inference.kv-dtype = bf16").KvDtype);
    }

    [Theory]
    [InlineData("kv-dtype = f64", "actor-inference.kv-dtype is 'f64'; expected one of auto, f32, f16, bf16, q8_0, f8")]
    [InlineData("tracing.endpoint = collector", "actor-inference.tracing.endpoint is 'collector'; expected the address of a collector, such as http://127.0.0.1:4317.")]
    [InlineData("tracing.protocol = json", "actor-inference.tracing.protocol is 'json'; expected one of auto, grpc, http/protobuf.")]
    [InlineData("tracing.sample = 2", "actor-inference.tracing.sample is '2'; expected a number from 0 to 1.")]
    [InlineData("gateway.stall-deadline = soon", "actor-inference.gateway.stall-deadline is 'soon'; expected a duration")]
    [InlineData("gateway.stall-deadline = 0s", "actor-inference.gateway.stall-deadline is '0s'; expected a duration above 0")]
    [InlineData("router.max-in-flight = 0", "actor-inference.router.max-in-flight is '0'; expected a whole number of at least 1")]
    [InlineData("router.max-in-flight = many", "actor-inference.router.max-in-flight is 'many'")]
    [InlineData("decode.rehearsal-deadline = -1s", "actor-inference.decode.rehearsal-deadline is '-1s'; expected a duration")]
    [InlineData("prefill.prefix-cache.share = 1", "actor-inference.prefill.prefix-cache.share is '1'; expected a number of at least 0 and below 1")]
    [InlineData("prefill.prefix-cache.policy = fifo", "actor-inference.prefill.prefix-cache.policy is 'fifo'; expected one of lru, lfu, slru, priority")]
    [InlineData("engine.max-sequence = 3", "actor-inference.engine.max-sequence is not known; expected one of aging-tokens-per-second, growth-window-tokens, max-bypasses")]
    [InlineData("decode.engine.max-sequence = 3", "actor-inference.decode.engine.max-sequence is not known")]
    [InlineData("gatway.stall-deadline = 3s", "actor-inference.gatway is not known; expected one of both, cache, cluster-dispatcher, decode, engine")]
    [InlineData("cache.l2.ratio = much", "actor-inference.cache.l2.ratio is 'much'; expected a number from 0 to 1000")]
    [InlineData("cache.l2.write-policy = never", "actor-inference.cache.l2.write-policy is 'never'; expected one of write-through")]
    [InlineData("cache.prefetch.policy = x", "actor-inference.cache.prefetch.policy is 'x'; expected one of timeout")]
    [InlineData("cache.l3.size = 1", "actor-inference.cache.l3.size is not known; expected one of attached, recheck-after.")]
    [InlineData("cache.l3.attached = true", "actor-inference.cache.l3.attached is 'true'; expected one of off, on.")]
    [InlineData("cache.l2.size = big", "actor-inference.cache.l2.size is 'big'; expected a size of at least 0 B")]
    [InlineData("cache.prefetch.only-if-faster = maybe", "actor-inference.cache.prefetch.only-if-faster is 'maybe'; expected one of off, on.")]
    [InlineData("engine.step-stretch = 0.5", "actor-inference.engine.step-stretch is '0.5'; expected a number from 1.001 to 1000")]
    [InlineData("engine.step-stretch = none", "actor-inference.engine.step-stretch is 'none'; expected a number from 0 to 1000")]
    [InlineData("engine.order = longest", "actor-inference.engine.order is 'longest'; expected one of fcfs, lpm")]
    [InlineData("persistence.provider = mysql", "actor-inference.persistence.provider is 'mysql'; expected one of memory, sqlite, postgresql")]
    [InlineData("persistence.provider = sqlite", "actor-inference.persistence.connection-string is ''; expected how to reach the database")]
    [InlineData("persistence.conection-string = x", "actor-inference.persistence.conection-string is not known")]
    [InlineData("cache.store.memory = lots", "actor-inference.cache.store.memory is 'lots'; expected a size of at least 1 B")]
    [InlineData("cache.store.memory-kind = shard", "actor-inference.cache.store.memory-kind is 'shard'; expected one of auto, private, shared, kept")]
    [InlineData("cache.bucket = 4", "actor-inference.cache.bucket is not known")]
    [InlineData("tensor-parallel.ranks = 0", "actor-inference.tensor-parallel.ranks is '0'; expected a whole number of at least 1")]
    [InlineData("tensor-parallel.rank = 2", "actor-inference.tensor-parallel.rank is not known; expected one of ranks, start-deadline, step-deadline.")]
    [InlineData("management.host = here", "actor-inference.management.host is 'here'; expected an IP address")]
    public void A_wrong_setting_is_named_with_its_value_and_what_was_expected(string setting, string message)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read($"actor-inference.{setting}"));

        Assert.StartsWith(message, error.Message);
    }

    private static InferenceSettings Read(string text) =>
        InferenceSettings.Read(ConfigurationFactory.ParseString(text).WithFallback(InferenceSettings.Reference));
}
