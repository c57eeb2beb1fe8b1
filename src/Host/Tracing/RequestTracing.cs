using System.Diagnostics;
using ActorInference.Actors.Tracing;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Tracing;

/// <summary>Begins the span of each request that generates, in the trace that its client names by W3C's traceparent, or a new one.</summary>
public sealed class RequestTracing(RequestDelegate next, ServedModel model)
{
    private const string RequestIdHeader = "x-request-id";

    /// <summary>Longer ones are not taken: a client's text would travel with every job.</summary>
    private const int MaxHeaderCharacters = 512;

    public Task InvokeAsync(HttpContext http) =>
        Spans.AreRecorded && http.GetEndpoint()?.Metadata.GetMetadata<GenerationRoute>() is { } route ? TraceAsync(http, route) : next(http);

    private async Task TraceAsync(HttpContext http, GenerationRoute route)
    {
        var path = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? http.Request.Path.Value!;
        var span = Spans.Begin($"{http.Request.Method} {path}", ActivityKind.Server, ParentOf(http.Request.Headers));
        var request = TraceContext.Of(span) is { } context ? new RequestSpan(span!, context) : null;
        if (request is not null)
        {
            Describe(span!, http.Request, path);
            span!.SetTag("gen_ai.operation.name", route.Operation).SetTag(SpanTags.Model, model.Name);
        }

        RequestSpan.Current = request;
        try
        {
            await next(http);
        }
        finally
        {
            if (request is not null) request.End(http.Response.StatusCode, hasLeft: http.RequestAborted.IsCancellationRequested);
            else Spans.End(span);
        }
    }

    /// <returns>The default if the client names none, or not as W3C has it.</returns>
    private static ActivityContext ParentOf(IHeaderDictionary headers)
    {
        var parent = headers.TraceParent;
        var state = headers.TraceState.ToString();
        return parent.Count == 1 && ActivityContext.TryParse(parent[0], state.Length is 0 or > MaxHeaderCharacters ? null : state, isRemote: true, out var context) ? context : default;
    }

    private static void Describe(Activity span, HttpRequest request, string route)
    {
        span.SetTag("http.request.method", request.Method).SetTag("http.route", route).SetTag("url.path", request.Path.Value).SetTag("url.scheme", request.Scheme);
        span.SetTag("server.address", request.Host.Host).SetTag("server.port", request.Host.Port);
        if (request.HttpContext.Connection.RemoteIpAddress is { } client) span.SetTag("client.address", client.ToString());
        if (request.Headers[RequestIdHeader] is { Count: > 0 } id && id.ToString().Length <= MaxHeaderCharacters) span.SetTag($"http.request.header.{RequestIdHeader}", id.ToArray());
    }
}
