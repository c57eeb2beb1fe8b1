using System.Collections.Frozen;
using System.Runtime.Serialization;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace ActorInference.Actors.Serialization;

/// <summary>
/// The bytes of every <see cref="IWireMessage"/>: protobuf by the .proto files beside this one, named by manifests that
/// outlive the names of types. hocon/reference.conf binds it; docs/formats/messages.md is the format.
/// </summary>
/// <remarks>Holds nothing that changes; many threads use it at once.</remarks>
public sealed class InferenceSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const int ShownManifestLength = 40;

    private static readonly WireForm[] Forms = [.. JobForms.All, .. GenerationForms.All, .. RouterForms.All, .. KvTransferForms.All, .. CacheShardForms.All, .. CacheEventForms.All, .. CacheStoreForms.All];

    private static readonly FrozenDictionary<Type, WireForm> ByType = Forms.ToFrozenDictionary(form => form.MessageType);

    private static readonly FrozenDictionary<string, WireForm> ByManifest = Forms.ToFrozenDictionary(form => form.Manifest);

    private readonly ActorReferences _references = new(system);

    /// <summary>Fixed for as long as two versions may talk; 0 to 100 belong to Akka.</summary>
    public override int Identifier => 4201;

    /// <exception cref="SerializationException">The type has no form.</exception>
    public override string Manifest(object o) => FormOf(o).Manifest;

    /// <exception cref="SerializationException">The type has no form, or a field that must be there is not.</exception>
    public override byte[] ToBinary(object obj)
    {
        var form = FormOf(obj);
        try
        {
            return form.Write(obj);
        }
        catch (SerializationException invalid)
        {
            throw new SerializationException($"{Describe(form)} cannot be written: {invalid.Message}", invalid);
        }
    }

    /// <exception cref="SerializationException">The manifest is unknown, or the bytes are not of its form.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (manifest is null || !ByManifest.TryGetValue(manifest, out var form)) throw Unknown(manifest);
        if (bytes is null) throw new SerializationException($"{Describe(form)} cannot be read: there are no bytes.");
        try
        {
            return form.Read(bytes, _references);
        }
        catch (Exception invalid) when (invalid is InvalidProtocolBufferException or SerializationException)
        {
            throw new SerializationException($"{Describe(form)} of {bytes.Length} bytes cannot be read: {invalid.Message}", invalid);
        }
    }

    private static WireForm FormOf(object message) => ByType.TryGetValue(message.GetType(), out var form)
        ? form
        : throw new SerializationException($"{message.GetType().FullName} has no form on the wire; the messages that have one are {nameof(IWireMessage)}.");

    private static SerializationException Unknown(string? manifest)
    {
        var shown = manifest is { Length: > ShownManifestLength } ? manifest[..ShownManifestLength] + "..." : manifest;
        return new SerializationException($"Manifest '{shown}' is unknown: the sender's version may be newer than this one.");
    }

    private static string Describe(WireForm form) => $"{form.MessageType.DeclaringType?.Name}.{form.MessageType.Name} ('{form.Manifest}')";
}
