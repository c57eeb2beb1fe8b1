using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Roles.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorInference.Host.Tests.Testing;

/// <summary>The real HTTP front on a free port, over a scripted generator.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, ScriptedGenerator generator)
    {
        _app = app;
        Generator = generator;
        Address = new Uri(app.Urls.Single());
        // Who asks whether to go on sending waits for the answer, however busy the machine is.
        Client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(60) }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public ScriptedGenerator Generator { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public Readiness Readiness => _app.Services.GetRequiredService<Readiness>();

    public ActiveRequests Active => _app.Services.GetRequiredService<ActiveRequests>();

    public static Task<TestServer> StartAsync(string answer) => StartAsync(_ => Script.SayAll(answer));

    public static async Task<TestServer> StartAsync(Func<GenerationRequest, Script> script, Func<ServedModel, ServedModel>? change = null)
    {
        var generator = new ScriptedGenerator(script);
        var model = TestModel.Create();
        var builder = WebServer.CreateBuilder(IPAddress.Loopback, 0, LogLevel.None);
        builder.Services.AddSingleton(change?.Invoke(model) ?? model);
        builder.Services.AddSingleton<ITokenGenerator>(generator);
        builder.Services.AddHttpApi();
        var app = builder.Build();
        app.MapHttpApi();
        await app.StartAsync();
        var server = new TestServer(app, generator);
        server.Readiness.IsReady = true;
        return server;
    }

    /// <summary>Posts JSON and reads the answer as JSON.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string path, string json)
    {
        using var response = await Client.PostAsync(path, Json(json));
        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>())!);
    }

    /// <summary>Posts JSON and reads the events of the answer, without the end mark, which must be there.</summary>
    public async Task<List<JsonNode>> StreamAsync(string path, string json)
    {
        using var response = await Client.PostAsync(path, Json(json));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return ParseEvents(await response.Content.ReadAsStringAsync());
    }

    public static List<JsonNode> ParseEvents(string body)
    {
        var events = body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, line => Assert.StartsWith("data: ", line));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events.SkipLast(1).Select(line => JsonNode.Parse(line["data: ".Length..], documentOptions: new JsonDocumentOptions())!)];
    }

    public static StringContent Json(string json) => new(json, System.Text.Encoding.UTF8, "application/json");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _app.StopAsync(deadline.Token);
        await _app.DisposeAsync();
    }
}
