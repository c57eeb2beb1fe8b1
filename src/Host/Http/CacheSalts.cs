using System.Text;

namespace ActorInference.Host.Http;

/// <summary>What divides those who may share cached pages, as requests say it.</summary>
internal static class CacheSalts
{
    private const int MostBytes = 1024;

    /// <summary>Fields <c>cache_salt</c> and <c>extra_key</c>, each with its length, so that no two pairs become the same.</summary>
    /// <returns>Null if there is neither.</returns>
    public static string? Read(JsonFields fields)
    {
        var (salt, key) = (Field(fields, "cache_salt"), Field(fields, "extra_key"));
        return salt is null && key is null ? null : $"{salt?.Length ?? -1}:{salt}{key?.Length ?? -1}:{key}";
    }

    private static string? Field(JsonFields fields, string name)
    {
        if (fields.Text(name) is not { Length: > 0 } text) return null;
        if (Encoding.UTF8.GetByteCount(text) > MostBytes) throw ApiException.Field(name, "too long", $"at most {MostBytes} bytes");
        return text;
    }
}
