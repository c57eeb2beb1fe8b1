using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.Sglang;

/// <summary><c>POST /abort_request</c>: ends requests by the beginning of their id, or all. Their clients get a finish reason "abort".</summary>
public sealed class AbortEndpoint(ActiveRequests active)
{
    public async Task HandleAsync(HttpContext http)
    {
        using var body = await RequestBody.ReadAsync(http);
        var all = body.Fields.Flag("abort_all");
        var rid = body.Fields.Text("rid");
        if (!all && string.IsNullOrEmpty(rid)) throw ApiException.Field("rid", rid is null ? "missing" : "empty", "the id of a request, or abort_all to be true");
        active.Abort(all ? "" : rid!);
    }
}
