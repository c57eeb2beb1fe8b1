using System.Runtime.Serialization;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Serialization;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorInference.Actors.Tests.Serialization;

public sealed class RoundTripTests() : TestKit(WireMessages.Reference)
{
    private static readonly AttemptId Attempt = new(new RequestId("0123456789abcdef0123456789abcdef"), 2);

    /// <summary>Messages that go from an actor to another of the same process.</summary>
    private static readonly Type[] Local =
    [
        typeof(WorkerProtocol.Ready), typeof(WorkerProtocol.Run), typeof(WorkerProtocol.Began), typeof(WorkerProtocol.Ended),
        typeof(WorkerProtocol.PeerLost), typeof(WorkerProtocol.BeginsAgain),
        typeof(KvTransferProtocol.Fetch), typeof(KvTransferProtocol.FetchFailed),
    ];

    /// <summary>Records that are only sent within another.</summary>
    private static readonly Type[] Parts =
    [
        typeof(RouterProtocol.AssignedWorker), typeof(GenerationProtocol.Ending), typeof(KvTransferProtocol.RemotePages),
        typeof(CacheShardProtocol.PutPolicy), typeof(RouterProtocol.PrefixMark),
    ];

    public static TheoryData<Type> Types => [.. WireMessages.All];

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_read_says_what_was_written(Type type)
    {
        const int seed = 20_261;
        var random = new RandomMessages(seed, [CreateTestProbe().Ref, CreateTestProbe().Ref, Sys.DeadLetters]);
        for (var i = 0; i < 300; i++)
        {
            var message = random.Next(type);
            var serializer = Assert.IsType<InferenceSerializer>(Sys.Serialization.FindSerializerFor(message));

            var bytes = serializer.ToBinary(message);
            var read = Sys.Serialization.Deserialize(bytes, serializer.Identifier, serializer.Manifest(message));

            var difference = SameContent.Difference(message, read);
            Assert.True(difference is null, $"Seed {seed}, message {i}: {difference}");
        }
    }

    [Fact]
    public void Every_message_is_for_the_wire_or_known_to_stay()
    {
        var records = typeof(IWireMessage).Assembly.GetTypes().Where(
            type => type is { IsNestedPublic: true, IsClass: true } && type.Namespace == typeof(IWireMessage).Namespace);

        Assert.Empty(records.Except(WireMessages.All).Except(Local).Except(Parts));
        Assert.NotEmpty(WireMessages.All);
    }

    [Fact]
    public void Manifests_are_short_and_none_stands_for_two_messages()
    {
        var serializer = new InferenceSerializer((ExtendedActorSystem)Sys);
        var random = new RandomMessages(1, [TestActor]);
        var manifests = WireMessages.All.Select(type => serializer.Manifest(random.Next(type))).ToArray();

        Assert.Equal(manifests.Length, manifests.Distinct().Count());
        Assert.All(manifests, manifest => Assert.InRange(manifest.Length, 1, 3));
    }

    [Fact]
    public void The_configured_number_is_the_serializers_own()
    {
        var name = $"{typeof(InferenceSerializer).FullName}, {typeof(InferenceSerializer).Assembly.GetName().Name}";
        var configured = Sys.Settings.Config.GetInt($"akka.actor.serialization-identifiers.\"{name}\"");

        Assert.Equal(configured, new InferenceSerializer((ExtendedActorSystem)Sys).Identifier);
    }

    [Fact]
    public void A_chosen_token_is_small()
    {
        var ending = new GenerationProtocol.Ending(FinishReason.Stop, 151_645);
        var token = new GenerationProtocol.TokenChosen(Attempt, 4_095, 151_645, null, null, null);

        Assert.InRange(Sys.Serialization.Serialize(token).Length, 1, 32);
        Assert.InRange(Sys.Serialization.Serialize(token with { Logprob = new TokenLogprob(-0.5f, []) }).Length, 1, 40);
        Assert.InRange(Sys.Serialization.Serialize(token with { CachedTokens = 30_000, Ending = ending }).Length, 1, 48);
    }

    [Fact]
    public void Prompts_take_three_bytes_a_token_at_most()
    {
        var prompt = Enumerable.Range(0, 10_000).Select(i => i * 17 % 200_000);
        var job = new DecodeProtocol.Reserve(Attempt, [.. prompt], [], new SamplingOptions(), TestActor);

        Assert.InRange(Sys.Serialization.Serialize(job).Length, 10_000, 30_200);
    }

    [Fact]
    public void What_has_no_form_is_refused()
    {
        var serializer = new InferenceSerializer((ExtendedActorSystem)Sys);

        Assert.Contains("has no form", Assert.Throws<SerializationException>(() => serializer.ToBinary("text")).Message);
        Assert.Contains("has no form", Assert.Throws<SerializationException>(() => serializer.Manifest("text")).Message);
    }

    [Fact]
    public void A_message_without_its_id_is_refused_and_not_sent_as_another()
    {
        var serializer = new InferenceSerializer((ExtendedActorSystem)Sys);
        var refused = Assert.Throws<SerializationException>(() => serializer.ToBinary(new RouterProtocol.Release(default)));

        Assert.Equal("RouterProtocol.Release ('rl') cannot be written: attempt.request is missing.", refused.Message);
    }
}
