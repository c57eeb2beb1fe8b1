using System.Runtime.Serialization;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Serialization;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorInference.Actors.Tests.Serialization;

public sealed class BrokenBytesTests : TestKit
{
    private readonly InferenceSerializer _serializer;

    public BrokenBytesTests()
        : base(WireMessages.Reference)
    {
        _serializer = new InferenceSerializer((ExtendedActorSystem)Sys);
    }

    [Fact]
    public void An_unknown_manifest_is_named()
    {
        var unknown = Assert.Throws<SerializationException>(() => _serializer.FromBinary([], "zz"));

        Assert.Equal("Manifest 'zz' is unknown: the sender's version may be newer than this one.", unknown.Message);
    }

    [Theory]
    [InlineData("gp", "", "GenerationProtocol.Progressed ('gp') of 0 bytes cannot be read: attempt is missing.")]
    [InlineData("gg", "0A00", "GenerationProtocol.Granted ('gg') of 2 bytes cannot be read: page_target is ''; it must be an actor's path with its address.")]
    [InlineData("gc", "0A001002", "GenerationProtocol.Completed ('gc') of 4 bytes cannot be read: ending is missing.")]
    [InlineData("gc", "0A001A00", "GenerationProtocol.Completed ('gc') of 4 bytes cannot be read: reason is 0; it must be 1 (stop), 2 (length) or 3 (aborted).")]
    [InlineData("kp", "0A002A0105", "KvTransferProtocol.KvPages ('kp') of 5 bytes cannot be read: generations has 0 entries; it must have 1, as pages has.")]
    [InlineData("rr", "", "RouterProtocol.WorkerReport ('rr') of 0 bytes cannot be read: role is 0; it must be 1 (prefill) or 2 (decode).")]
    public void A_field_that_is_missing_or_wrong_is_named(string manifest, string hex, string expected)
    {
        var broken = Assert.Throws<SerializationException>(() => _serializer.FromBinary(Convert.FromHexString(hex), manifest));

        Assert.Equal(expected, broken.Message);
    }

    [Theory]
    [InlineData("ps", "12FFFFFFFF07")]
    [InlineData("dr", "0AFFFFFFFF07")]
    [InlineData("kp", "2AFFFFFFFF0701")]
    [InlineData("rk", "0AFFFFFFFF07")]
    [InlineData("gf", "12FFFFFFFF0741")]
    public void A_length_beyond_the_bytes_allocates_nothing_for_it(string manifest, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, manifest));

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, manifest));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    [Fact]
    public void Broken_bytes_of_all_kinds_end_in_one_exception()
    {
        const int seed = 4_201;
        var random = new Random(seed);
        var messages = new RandomMessages(seed, [TestActor, Sys.DeadLetters]);
        var samples = WireMessages.All.SelectMany(type => Enumerable.Range(0, 20).Select(_ => Sample(messages.Next(type)))).ToArray();
        var (read, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var (manifest, whole) = samples[random.Next(samples.Length)];
            var other = samples[random.Next(samples.Length)];
            if (random.Next(10) == 0) manifest = other.Manifest;
            var bytes = Mutations.Apply(random, whole, other.Bytes);
            if (Reads(manifest, bytes, $"Seed {seed}, mutation {i}, '{manifest}' {Convert.ToHexString(bytes)}")) read++;
            else refused++;
        }

        Assert.True(read > 1_000 && refused > 1_000, $"{read} were read and {refused} refused: the mutations are too harmless, or too harsh.");
    }

    [Fact]
    public void Hundreds_of_thousands_of_empty_parts_cost_no_more_than_a_small_multiple()
    {
        var bytes = new byte[200_000];
        for (var i = 0; i < bytes.Length; i += 2) bytes[i] = 0x0A;   // Field 1, length 0: a report without content.

        Assert.False(Reads("rk", bytes, "Empty reports"));
    }

    private (string Manifest, byte[] Bytes) Sample(object message) => (_serializer.Manifest(message), _serializer.ToBinary(message));

    /// <summary>Reads, and checks that nothing but the one exception comes of it, nor memory out of proportion.</summary>
    private bool Reads(string manifest, byte[] bytes, string context)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = true;
        try
        {
            var message = Assert.IsAssignableFrom<IWireMessage>(_serializer.FromBinary(bytes, manifest));
            Assert.Equal(manifest, _serializer.Manifest(message));
        }
        catch (SerializationException broken)
        {
            Assert.Contains($"('{manifest}') of {bytes.Length} bytes cannot be read: ", broken.Message);
            read = false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{context}: {e}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 64 * 1024 + 100L * bytes.Length, $"{context}: {allocated} bytes were allocated for {bytes.Length}.");
        return read;
    }
}
