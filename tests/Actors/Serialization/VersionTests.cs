using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Serialization;
using Akka.Actor;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>Processes of other versions, before and after this one, must be understood.</summary>
public sealed class VersionTests : IAsyncLifetime
{
    private readonly ActorSystem _system = ActorSystem.Create("golden", WireMessages.Reference);

    private InferenceSerializer Serializer => new((ExtendedActorSystem)_system);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.Terminate().WaitAsync(TimeSpan.FromSeconds(20));

    [Fact]
    public void Bytes_of_the_first_version_are_still_understood()
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Serialization", "Fixtures", "messages-1.txt"));
        var golden = lines.Where(line => !line.StartsWith('#')).Select(line => line.Split(' ')).ToArray();
        var expected = GoldenMessages.All(_system.DeadLetters).ToArray();

        Assert.True(
            golden.Length == expected.Length,
            $"The fixture has {golden.Length} messages, not {expected.Length}. These are all, as they are written now:\n{string.Join('\n', expected.Select(Line))}");
        foreach (var (fields, message) in golden.Zip(expected))
        {
            var read = Serializer.FromBinary(Convert.FromHexString(fields.ElementAtOrDefault(1) ?? ""), fields[0]);
            Assert.Null(SameContent.Difference(message, read, fields[0]));
        }
    }

    [Fact]
    public void Every_message_has_bytes_of_the_first_version_that_it_was_in()
    {
        var golden = GoldenMessages.All(_system.DeadLetters).Select(message => message.GetType()).ToHashSet();

        Assert.Empty(WireMessages.All.Except(golden));
    }

    [Fact]
    public void Fields_of_a_later_version_are_passed_over()
    {
        byte[] later = [0xF8, 0x07, 0x05, 0xFA, 0x07, 0x03, 1, 2, 3];   // Field 127 as a number, and as bytes.
        foreach (var message in GoldenMessages.All(_system.DeadLetters))
        {
            var read = Serializer.FromBinary([.. Serializer.ToBinary(message), .. later], Serializer.Manifest(message));

            Assert.Null(SameContent.Difference(message, read, message.GetType().Name));
        }
    }

    [Fact]
    public void Options_that_an_earlier_version_did_not_send_have_their_defaults()
    {
        var path = Akka.Serialization.Serialization.SerializedActorPath(_system.DeadLetters);
        byte[] bytes = [0x0A, 0x00, 0x22, 0x00, 0x2A, (byte)path.Length, .. System.Text.Encoding.UTF8.GetBytes(path)];

        var job = Assert.IsType<DecodeProtocol.Reserve>(Serializer.FromBinary(bytes, "dr"));

        Assert.Null(SameContent.Difference(new DecodeProtocol.Reserve(new AttemptId(new RequestId(""), 0), [], [], new SamplingOptions(), _system.DeadLetters), job));
    }

    private string Line(object message) => $"{Serializer.Manifest(message)} {Convert.ToHexString(Serializer.ToBinary(message))}";
}
