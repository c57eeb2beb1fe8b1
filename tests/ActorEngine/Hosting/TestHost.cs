using System.Collections.Concurrent;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorInference.ActorEngine.Tests.Hosting;

/// <summary>A host with one actor system, and the lines of its log.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Recorder _log = new();

    private TestHost(Action<AkkaConfigurationBuilder, IServiceProvider> configure, Action<IServiceCollection>? services)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_log);
        services?.Invoke(builder.Services);
        builder.Services.AddAkka("hosted", (akka, provider) =>
        {
            akka.AddHocon("akka.stdout-loglevel = OFF, akka.loglevel = WARNING", HoconAddMode.Append);
            configure(akka, provider);
        });
        Host = builder.Build();
    }

    public IHost Host { get; }

    public Akka.Actor.ActorSystem System => Get<Akka.Actor.ActorSystem>();

    public IEnumerable<(LogLevel Level, string Category, string Text, Exception? Cause)> Log => _log.Lines;

    public static async Task<TestHost> StartAsync(Action<AkkaConfigurationBuilder> configure, Action<IServiceCollection>? services = null)
    {
        var host = new TestHost((akka, _) => configure(akka), services);
        try
        {
            await host.Host.StartAsync().WaitAsync(Limit);
            return host;
        }
        catch
        {
            host.Host.Dispose();   // A host that did not start cannot be stopped.
            throw;
        }
    }

    public T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public Task StopAsync() => Host.StopAsync().WaitAsync(Limit);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Host.Dispose();
    }

    private sealed class Recorder : ILoggerProvider
    {
        public ConcurrentQueue<(LogLevel Level, string Category, string Text, Exception? Cause)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(Recorder recorder, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                recorder.Lines.Enqueue((logLevel, category, formatter(state, exception), exception));
        }
    }
}
