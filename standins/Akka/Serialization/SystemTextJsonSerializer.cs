using System.Text.Json;
using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>
/// Any object as JSON, with the type as manifest: what types have that nothing else was bound to. Actor references
/// travel as paths, types as names.
/// </summary>
public class SystemTextJsonSerializer : Serializer
{
    private readonly JsonSerializerOptions _options;

    public SystemTextJsonSerializer(ExtendedActorSystem system)
        : this(system, null)
    {
    }

    public SystemTextJsonSerializer(ExtendedActorSystem system, Config config)
        : base(system)
    {
        _options = new JsonSerializerOptions { IncludeFields = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
        _options.Converters.Add(new SurrogateConverterFactory(system));
        _options.Converters.Add(new TypeConverter(system));
    }

    public override int Identifier => 1;

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, obj.GetType(), _options);

    public override object FromBinary(byte[] bytes, Type type) => JsonSerializer.Deserialize(bytes, type, _options);

    /// <summary>Everything that travels as another object: references, paths, addresses.</summary>
    private sealed class SurrogateConverterFactory(ExtendedActorSystem system) : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) =>
            typeof(IActorRef).IsAssignableFrom(typeToConvert) || typeof(ActorPath).IsAssignableFrom(typeToConvert) || typeToConvert == typeof(Address);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(ByTextConverter<>).MakeGenericType(typeToConvert), system);
    }

    private sealed class ByTextConverter<T>(ExtendedActorSystem system) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.GetString();
            object value = typeof(T) == typeof(Address)
                ? Address.Parse(text)
                : typeof(ActorPath).IsAssignableFrom(typeof(T)) ? ActorPath.Parse(text) : system.Provider.ResolveActorRef(text);
            return (T)value;
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value switch
        {
            IActorRef actor => Serialization.SerializedActorPath(actor),
            ActorPath path => path.ToSerializationFormat(),
            _ => value.ToString(),
        });
    }

    private sealed class TypeConverter(ExtendedActorSystem system) : JsonConverter<Type>
    {
        public override Type Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            system.Serialization.TypeOf(reader.GetString());

        public override void Write(Utf8JsonWriter writer, Type value, JsonSerializerOptions options) => writer.WriteStringValue(value.TypeQualifiedName());
    }
}
