using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.Sglang;

/// <summary><c>GET</c> or <c>POST /flush_cache</c>: the workers forget what they have cached, on the device and in host memory.</summary>
public sealed class FlushEndpoint(ITokenGenerator generator)
{
    public async Task HandleAsync(HttpContext http)
    {
        var workers = await generator.FlushCacheAsync(http.RequestAborted);
        await http.Response.WriteAsync($"Cache flushed of {workers} workers.\n", http.RequestAborted);
    }
}
