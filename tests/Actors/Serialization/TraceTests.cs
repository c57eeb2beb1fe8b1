using System.Diagnostics;
using System.Runtime.Serialization;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Serialization;
using ActorInference.Actors.Tracing;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>The trace that a job belongs to, on its way to another process.</summary>
public sealed class TraceTests() : TestKit(WireMessages.Reference)
{
    private static readonly AttemptId Attempt = new(new RequestId("0123456789abcdef00112233445566aa"), 3);

    private static readonly TraceContext Trace = new(
        ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c"), ActivitySpanId.CreateFromString("b7ad6b7169203331"));

    private InferenceSerializer Serializer => new((ExtendedActorSystem)Sys);

    [Fact]
    public void A_job_that_is_not_traced_has_the_bytes_that_it_had_before_there_were_traces()
    {
        using var system = ActorSystem.Create("golden", WireMessages.Reference);
        var serializer = new InferenceSerializer((ExtendedActorSystem)system);
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Serialization", "Fixtures", "messages-1.txt")).ToHashSet();
        var jobs = GoldenMessages.All(system.DeadLetters).OfType<IWorkerJob>().ToList();

        Assert.NotEmpty(jobs);
        Assert.All(jobs, job => Assert.Contains($"{serializer.Manifest(job)} {Convert.ToHexString(serializer.ToBinary(job))}", lines));
    }

    [Fact]
    public void Jobs_of_all_kinds_keep_their_trace()
    {
        foreach (var trace in (TraceContext[])[Trace, Trace with { State = "vendor=1,other=2" }])
        {
            foreach (var job in Jobs(trace))
            {
                var read = Assert.IsAssignableFrom<IWorkerJob>(Serializer.FromBinary(Serializer.ToBinary(job), Serializer.Manifest(job)));
                Assert.Equal(trace, read.Trace);
            }
        }
    }

    [Fact]
    public void A_trace_adds_thirty_bytes()
    {
        foreach (var (without, with) in Jobs(null).Zip(Jobs(Trace)))
            Assert.Equal(30, Serializer.ToBinary(with).Length - Serializer.ToBinary(without).Length);
    }

    [Theory]
    [InlineData("42040A020102", "trace.trace_id has 2 bytes; it must have 16.")]
    [InlineData("42120A1000112233445566778899AABBCCDDEEFF", "trace.span_id has 0 bytes; it must have 8.")]
    public void Ids_of_another_length_are_refused(string hex, string reason)
    {
        var bytes = Serializer.ToBinary(Jobs(null).Last());

        var broken = Assert.Throws<SerializationException>(() => Serializer.FromBinary([.. bytes, .. Convert.FromHexString(hex)], "dg"));

        Assert.Contains(reason, broken.Message);
    }

    private IEnumerable<IWorkerJob> Jobs(TraceContext? trace) =>
    [
        new PrefillProtocol.Start(Attempt, [1, 2], [], new SamplingOptions(), TestActor, TestActor) { Trace = trace },
        new DecodeProtocol.Reserve(Attempt, [1, 2], [3], new SamplingOptions(), TestActor) { Trace = trace },
        new DecodeProtocol.Generate(Attempt, [1, 2], [3], new SamplingOptions(), TestActor) { Trace = trace },
    ];
}
