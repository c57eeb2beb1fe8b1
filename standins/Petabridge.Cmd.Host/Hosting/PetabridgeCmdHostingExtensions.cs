using Akka.Hosting;

namespace Petabridge.Cmd.Host;

/// <summary>Where a host listens; what is null stays as configured.</summary>
public sealed class PetabridgeCmdOptions
{
    public string? Host { get; set; }

    /// <summary>0 takes a free port.</summary>
    public int? Port { get; set; }
}

/// <summary>Adds the console to a hosted actor system.</summary>
public static class PetabridgeCmdHostingExtensions
{
    /// <summary>Starts it once the actors are started.</summary>
    /// <param name="hostConfiguration">Registers palettes.</param>
    public static AkkaConfigurationBuilder AddPetabridgeCmd(this AkkaConfigurationBuilder builder, Action<PetabridgeCmd> hostConfiguration) =>
        builder.AddPetabridgeCmd(new PetabridgeCmdOptions(), hostConfiguration);

    /// <summary>Starts it once the actors are started.</summary>
    /// <param name="options">Where it listens.</param>
    /// <param name="hostConfiguration">Registers palettes.</param>
    public static AkkaConfigurationBuilder AddPetabridgeCmd(
        this AkkaConfigurationBuilder builder, PetabridgeCmdOptions options, Action<PetabridgeCmd> hostConfiguration)
    {
        if (options.Host is { } host) builder.AddHocon($"petabridge.cmd.host = {host.ToHocon()}", HoconAddMode.Prepend);
        if (options.Port is { } port) builder.AddHocon($"petabridge.cmd.port = {port.ToHocon()}", HoconAddMode.Prepend);
        return builder.AddStartup((system, _) =>
        {
            var cmd = PetabridgeCmd.Get(system);
            hostConfiguration(cmd);
            cmd.Start();
        });
    }
}
