using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Serialization;
using Akka.Actor;

namespace ActorInference.Bench.Actors;

/// <summary>The message that travels once for every token, to bytes and back.</summary>
internal static class SerializationBenchmark
{
    private static readonly GenerationProtocol.TokenChosen Token = new(new AttemptId(RequestId.New(), 0), 1_000, 151_645, null, null, null);

    private static readonly TokenLogprob Logprob = new(-0.5f, [.. Enumerable.Range(0, 20).Select(i => new TokenAlternative(150_000 + i, -i))]);

    public static async Task<Measurement[]> Run(ActorSystem system)
    {
        var serializer = new InferenceSerializer((ExtendedActorSystem)system);
        var bytes = serializer.ToBinary(Token);
        var ranked = Token with { Logprob = Logprob };
        return
        [
            Size("token_chosen_size", serializer, Token),
            Size("token_chosen_top20_size", serializer, ranked),
            await Nanoseconds("token_chosen_write", () => serializer.ToBinary(Token)),
            await Nanoseconds("token_chosen_read", () => serializer.FromBinary(bytes, "gt")),
            Allocated("token_chosen_write_memory", () => serializer.ToBinary(Token)),
            Allocated("token_chosen_read_memory", () => serializer.FromBinary(bytes, "gt")),
        ];
    }

    private static Measurement Size(string name, InferenceSerializer serializer, object message)
    {
        var size = serializer.ToBinary(message).Length;
        return new Measurement(name, size, size, "bytes");
    }

    private static Measurement Allocated(string name, Func<object> operation)
    {
        const int operations = 10_000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < operations; i++) operation();
        var each = Math.Round((GC.GetAllocatedBytesForCurrentThread() - before) / (double)operations);
        return new Measurement(name, each, each, "bytes");
    }

    private static async Task<Measurement> Nanoseconds(string name, Func<object> operation)
    {
        const int operations = 1_000_000;
        var rate = await Measurement.Rate(name, "messages/s", operations, rounds: 7, () =>
        {
            for (var i = 0; i < operations; i++) operation();
            return Task.CompletedTask;
        });
        return new Measurement(name, Math.Round(1e9 / rate.Value), Math.Round(1e9 / rate.Best), "ns");
    }
}
