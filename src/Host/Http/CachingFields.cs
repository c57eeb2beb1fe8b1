using System.Collections.Immutable;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http;

/// <summary>With whom a request shares cached prompts, and how long its own are kept; top-level fields of every API, as in SGLang and vLLM.</summary>
/// <param name="Salt">As <see cref="CacheSalts"/> says it.</param>
/// <param name="Priority">Of its pages in the cache; higher is kept longer by a policy that goes by it.</param>
public readonly record struct CachingFields(string? Salt, int Priority)
{
    /// <exception cref="ApiException">A field is wrong.</exception>
    public static CachingFields Read(JsonFields fields) => new(CacheSalts.Read(fields), fields.Int("priority", int.MinValue) ?? 0);

    /// <summary>The requests with these.</summary>
    public ImmutableArray<TextRequest> Apply(ImmutableArray<TextRequest> requests)
    {
        var (salt, priority) = this;
        return salt is null && priority == 0 ? requests : [.. requests.Select(request => request with { CacheSalt = salt, Priority = priority })];
    }
}
