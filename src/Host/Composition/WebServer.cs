using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Cli;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Console;

namespace ActorInference.Host.Composition;

/// <summary>The process's HTTP server, empty but for limits and logging.</summary>
public static class WebServer
{
    /// <summary>How long answers under way may take after the process was asked to end.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Begins a server that listens on one address.</summary>
    /// <param name="address">Where.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="logLevel">Least level to log.</param>
    public static WebApplicationBuilder CreateBuilder(IPAddress address, int port, LogLevel logLevel)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = HttpLimits.MaxBodyBytes;
            kestrel.Listen(address, port);
        });
        builder.Logging.LogToStderr(logLevel);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTimeout);
        return builder;
    }

    /// <summary>Says at once that a port is taken, not after a model was loaded for minutes.</summary>
    /// <exception cref="UserErrorException">It is.</exception>
    public static void CheckFree(IPAddress address, int port)
    {
        if (port == 0) return;
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException cause)
        {
            throw CannotListen(address, port, cause);
        }
    }

    /// <exception cref="UserErrorException">Another process has the port.</exception>
    public static async Task StartOrExplainAsync(this WebApplication app, IPAddress address, int port, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException cause) when (cause.InnerException is AddressInUseException)
        {
            throw CannotListen(address, port, cause);
        }
    }

    /// <summary>Says why the end takes its time, if it will: answers under way have theirs.</summary>
    public static void NoteUnanswered(this WebApplication app)
    {
        if (app.Services.GetRequiredService<ActiveRequests>().Count is > 0 and var count)
            app.Logger.LogInformation("Ends when {Count} answers under way do, in {Seconds:0} s at the latest; the next Ctrl-C ends it at once.", count, DrainTimeout.TotalSeconds);
    }

    /// <summary>Logs to stderr, a line each: stdout belongs to answers.</summary>
    public static void LogToStderr(this ILoggingBuilder logging, LogLevel level)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", level < LogLevel.Information ? level : LogLevel.Warning);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static UserErrorException CannotListen(IPAddress address, int port, Exception cause) => cause switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            new($"Port {port} on {address} needs privileges that this user lacks; choose another with --port, or 0 for a free one.", cause),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            new($"--host is '{address}'; expected an address of this machine.", cause),
        _ => new($"Port {port} on {address} is in use; choose another with --port, or 0 for a free one.", cause),
    };
}
