using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Akka.Hosting;

/// <summary>Ties the life of an actor system to that of its host: whichever ends first ends the other.</summary>
public class AkkaHostedService : IHostedService
{
    protected ActorSystem? ActorSystem;
    protected CoordinatedShutdown? CoordinatedShutdown;
    protected readonly IServiceProvider ServiceProvider;
    protected readonly AkkaConfigurationBuilder ConfigurationBuilder;
    protected readonly IHostApplicationLifetime? HostApplicationLifetime;
    protected readonly ILogger<AkkaHostedService> Logger;

    public AkkaHostedService(
        AkkaConfigurationBuilder configurationBuilder,
        IServiceProvider serviceProvider,
        ILogger<AkkaHostedService> logger,
        IHostApplicationLifetime? applicationLifetime)
    {
        ConfigurationBuilder = configurationBuilder;
        ServiceProvider = serviceProvider;
        Logger = logger;
        HostApplicationLifetime = applicationLifetime;
    }

    public virtual async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            ActorSystem = ServiceProvider.GetRequiredService<ActorSystem>();
            CoordinatedShutdown = CoordinatedShutdown.Get(ActorSystem);
            await ConfigurationBuilder.StartAsync(ActorSystem);
            _ = StopHostWithSystemAsync(ActorSystem);
        }
        catch (Exception e)
        {
            Logger.LogCritical(e, "Actor system {ActorSystem} could not start; the host stops", ConfigurationBuilder.ActorSystemName);
            HostApplicationLifetime?.StopApplication();
            throw;
        }
    }

    /// <summary>Runs the coordinated shutdown, and waits for it as long as the host does.</summary>
    public virtual async Task StopAsync(CancellationToken cancellationToken)
    {
        if (CoordinatedShutdown is null) return;   // It never started.
        await CoordinatedShutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(cancellationToken);
    }

    private async Task StopHostWithSystemAsync(ActorSystem system)
    {
        await system.WhenTerminated;
        HostApplicationLifetime?.StopApplication();
    }
}
