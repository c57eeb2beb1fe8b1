using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ActorInference.Actors.Kv;

/// <summary>
/// Everything besides the tokens that the content of a KV page depends on, or that divides those who may share it.
/// Two requests share pages only if all of it is equal.
/// </summary>
/// <param name="Model">Name or fingerprint of the model.</param>
/// <param name="WeightsVersion">Changes with every change of the weights.</param>
/// <param name="Dtype">Element type of the pages.</param>
/// <param name="Adapter">LoRA adapter, or null for none; null and empty are two things.</param>
/// <param name="TenantSalt">Divides tenants that must not learn of each other's prompts; null for the common space.</param>
/// <param name="LayoutVersion">Changes when bytes within a page change their meaning.</param>
public sealed record KvNamespace(
    string Model, string WeightsVersion, KvDtype Dtype, string? Adapter = null, string? TenantSalt = null, int LayoutVersion = 1)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The stable identity: the same on every machine and in every version (docs/formats/kv-page-key.md).</summary>
    /// <exception cref="ArgumentException">A text is not valid UTF-16.</exception>
    /// <remarks>Hashes and allocates; compute it once.</remarks>
    public KvNamespaceId ComputeId()
    {
        using var bytes = new MemoryStream();
        bytes.Write("AIKVNS1\0"u8);
        WriteText(bytes, Model, nameof(Model));
        WriteText(bytes, WeightsVersion, nameof(WeightsVersion));
        bytes.WriteByte((byte)Dtype);
        WriteText(bytes, Adapter, nameof(Adapter));
        WriteText(bytes, TenantSalt, nameof(TenantSalt));
        WriteNumber(bytes, LayoutVersion);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), digest);
        return new KvNamespaceId(BinaryPrimitives.ReadUInt64BigEndian(digest), BinaryPrimitives.ReadUInt64BigEndian(digest[8..]));
    }

    // The length before the text: joined texts would let a crafted salt reach another adapter's pages.
    private static void WriteText(MemoryStream bytes, string? text, string field)
    {
        if (text is null)
        {
            WriteNumber(bytes, -1);
            return;
        }

        try
        {
            var encoded = StrictUtf8.GetBytes(text);
            WriteNumber(bytes, encoded.Length);
            bytes.Write(encoded);
        }
        catch (EncoderFallbackException invalid)
        {
            // Replacing the character, as the lenient encoder does, would make two texts one.
            throw new ArgumentException($"{field} contains half a surrogate pair at index {invalid.Index}; it must be valid Unicode.", field, invalid);
        }
    }

    private static void WriteNumber(MemoryStream bytes, int number)
    {
        Span<byte> encoded = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(encoded, number);
        bytes.Write(encoded);
    }
}

/// <summary>Identity of a <see cref="KvNamespace"/>: 128 bits of its SHA-256, first byte highest.</summary>
public readonly record struct KvNamespaceId(ulong High, ulong Low)
{
    public override string ToString() => $"{High:x16}{Low:x16}";
}
