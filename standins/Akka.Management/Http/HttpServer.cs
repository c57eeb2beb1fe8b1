using System.Net;
using Akka.Actor;
using Akka.Event;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Akka.Http.Dsl;

/// <summary>The HTTP server of an actor system: modules on Kestrel.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private const int MaxBodyBytes = 64 << 10;
    private const int MaxConnections = 256;

    /// <summary>How long requests under way may take after the server was asked to end.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(3);

    private readonly ActorSystem _system;
    private readonly RouteTable _routes;
    private readonly ILoggingAdapter _log;
    private readonly WebApplication _app;

    private HttpServer(ActorSystem system, RouteTable routes, WebApplication app)
    {
        _system = system;
        _routes = routes;
        _log = Event.Logging.GetLogger(system, typeof(HttpServer));
        _app = app;
        app.Run(AnswerAsync);
    }

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>Listens; when the task is done, requests are answered.</summary>
    /// <exception cref="IOException">The address cannot be bound.</exception>
    public static async Task<HttpServer> StartAsync(ActorSystem system, IPEndPoint address, RouteTable routes)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = nameof(HttpServer) });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Listen(address);
        });
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = DrainTimeout);
        var server = new HttpServer(system, routes, builder.Build());
        try
        {
            await server._app.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await server._app.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var context = new AkkaHttpContext(_system, new KestrelContext(http));
        try
        {
            foreach (var module in _routes.Match(http.Request.Path.Value ?? "/"))
            {
                if (await module.HandleAsync(context).ConfigureAwait(false)) return;
            }

            if (!http.Response.HasStarted) http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            _log.Debug("The client of {0} {1} has left", http.Request.Method, http.Request.Path);
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            _log.Error(e, "{0} {1} failed", http.Request.Method, http.Request.Path);
            http.Response.Clear();
            http.Response.StatusCode = e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
        }
    }
}
