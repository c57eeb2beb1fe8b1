using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ActorInference.Host.Tests.Testing;

/// <summary>A collector of spans on a free port, by OTLP over gRPC or HTTP.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private const int GrpcPrefixBytes = 5;

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private int _requests;

    private OtlpReceiver(bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        _app = builder.Build();
        if (isGrpc) _app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", TakeGrpcAsync);
        else _app.MapPost("/v1/traces", TakeAsync);
    }

    /// <summary>What the program is told.</summary>
    public string Endpoint => _app.Urls.Single();

    /// <summary>Whatever was sent, spans or not.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public IReadOnlyList<ReceivedSpan> Spans => [.. _spans];

    public static async Task<OtlpReceiver> StartAsync(bool isGrpc)
    {
        var receiver = new OtlpReceiver(isGrpc);
        await receiver._app.StartAsync();
        return receiver;
    }

    public IReadOnlyList<ReceivedSpan> Of(string traceId) => [.. _spans.Where(span => span.TraceId == traceId)];

    /// <summary>Waits until spans of these names of a trace have come.</summary>
    public Task ComeAsync(string traceId, params string[] names) => Deadline.UntilAsync(
        () => names.All(name => Of(traceId).Any(span => span.Name == name)), $"the spans {string.Join(", ", names)} come");

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _app.StopAsync(deadline.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        Take(await BodyAsync(http), 0);
        http.Response.ContentType = "application/x-protobuf";
    }

    private async Task TakeGrpcAsync(HttpContext http)
    {
        Take(await BodyAsync(http), GrpcPrefixBytes);
        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(new byte[GrpcPrefixBytes]);   // An empty answer, not compressed.
        http.Response.AppendTrailer("grpc-status", "0");
    }

    private void Take(byte[] body, int prefix)
    {
        Interlocked.Increment(ref _requests);
        foreach (var span in ReceivedSpan.ReadAll(body.AsSpan(prefix).ToArray())) _spans.Enqueue(span);
    }

    private static async Task<byte[]> BodyAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }
}
