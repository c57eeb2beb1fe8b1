using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorInference.ActorEngine.Tests.Serializing;

public sealed class SerializationTests() : EngineTest(
    """
    akka.actor {
      serializers.spoken = "ActorInference.ActorEngine.Tests.Serializing.SpokenSerializer, ActorInference.ActorEngine.Tests"
      serialization-bindings {
        "ActorInference.ActorEngine.Tests.Serializing.ISpoken, ActorInference.ActorEngine.Tests" = spoken
      }
    }
    """)
{
    [Fact]
    public void A_binding_covers_all_that_implement_the_type()
    {
        Assert.IsType<SpokenSerializer>(Sys.Serialization.FindSerializerFor(new Word("hello")));
        Assert.IsType<SpokenSerializer>(Sys.Serialization.FindSerializerForType(typeof(Number)));
    }

    [Fact]
    public void What_is_not_bound_has_the_serializer_of_all_objects()
    {
        var serializer = Sys.Serialization.FindSerializerFor(new Plain("text", 7));

        Assert.Equal(1, serializer.Identifier);
        Assert.Equal(new Plain("text", 7), serializer.FromBinary<Plain>(serializer.ToBinary(new Plain("text", 7))));
    }

    [Fact]
    public void Bytes_go_as_they_are()
    {
        var bytes = new byte[] { 1, 2, 3 };
        var serializer = Sys.Serialization.FindSerializerFor(bytes);

        Assert.Equal(4, serializer.Identifier);
        Assert.Equal(bytes, serializer.ToBinary(bytes));
    }

    [Fact]
    public void A_manifest_finds_its_way_back()
    {
        var serializer = Assert.IsType<SpokenSerializer>(Sys.Serialization.FindSerializerFor(new Word("hello")));
        var bytes = Sys.Serialization.Serialize(new Word("hello"));

        Assert.Equal("w", serializer.Manifest(new Word("hello")));
        Assert.Equal(new Word("hello"), Sys.Serialization.Deserialize(bytes, 4242, "w"));
        Assert.Equal(new Number(7), Sys.Serialization.Deserialize(Sys.Serialization.Serialize(new Number(7)), 4242, "n"));
    }

    [Fact]
    public void An_unknown_serializer_is_an_error()
    {
        Assert.ThrowsAny<Exception>(() => Sys.Serialization.Deserialize([1], 999_999, "w"));
    }

    [Fact]
    public void A_reference_travels_as_its_path()
    {
        var path = Serialization.SerializedActorPath(TestActor);

        Assert.Equal(TestActor, ((ExtendedActorSystem)Sys).Provider.ResolveActorRef(path));
    }

    [Fact]
    public async Task Serializers_can_be_given_in_code()
    {
        var setup = ActorSystemSetup.Create(SerializationSetup.Create(system =>
        [
            SerializerDetails.Create("spoken-too", new SpokenSerializer(system), ImmutableHashSet.Create(typeof(Plain))),
        ]));
        var other = ActorSystem.Create("given", setup);

        Assert.IsType<SpokenSerializer>(other.Serialization.FindSerializerForType(typeof(Plain)));

        await other.Terminate();
    }

    [Fact]
    public async Task With_serialize_messages_each_message_is_a_copy()
    {
        var other = ActorSystem.Create("copying", ConfigurationFactory.ParseString("akka.actor.serialize-messages = on"));
        var echo = other.ActorOf(Props.Create(() => new Echo()));
        var sent = new Plain("text", 7);
        var local = new StaysHere();

        var received = await echo.Ask<Plain>(sent, TimeSpan.FromSeconds(60));

        Assert.Equal(sent, received);
        Assert.NotSame(sent, received);
        Assert.Same(local, await echo.Ask<StaysHere>(local, TimeSpan.FromSeconds(60)));
        await other.Terminate();
    }

    public sealed record Plain(string Text, int Number);

    public sealed record StaysHere : INoSerializationVerificationNeeded;

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }
}

public interface ISpoken;

public sealed record Word(string Text) : ISpoken;

public sealed record Number(int Value) : ISpoken;

public sealed class SpokenSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 4242;

    public override string Manifest(object o) => o is Word ? "w" : "n";

    public override byte[] ToBinary(object obj) => obj switch
    {
        Word word => Encoding.UTF8.GetBytes(word.Text),
        Number number => BitConverter.GetBytes(number.Value),
        _ => throw new ArgumentException($"{obj.GetType()} is not spoken.", nameof(obj)),
    };

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "w" => new Word(Encoding.UTF8.GetString(bytes)),
        "n" => new Number(BitConverter.ToInt32(bytes)),
        _ => throw new ArgumentException($"Manifest '{manifest}' is unknown.", nameof(manifest)),
    };
}
