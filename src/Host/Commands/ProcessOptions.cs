using System.Diagnostics.CodeAnalysis;
using ActorInference.Host.Composition;
using Akka.Hosting;

namespace ActorInference.Host.Commands;

/// <summary>How a process of a cluster is configured and operated; checked.</summary>
public record ProcessOptions : ModelOptions
{
    /// <summary>With a model and a configuration.</summary>
    [SetsRequiredMembers]
    public ProcessOptions(ModelOptions model, NodeConfig config)
        : base(model)
    {
        Config = config;
        KvDtype = model.KvDtype ?? config.Settings.KvDtype;
        var ranks = config.Settings.TensorParallel;
        (Ranks, RankStartDeadline, RankStepDeadline) = (model.Ranks ?? ranks.Ranks, ranks.StartDeadline, ranks.StepDeadline);
    }

    public NodeConfig Config { get; }

    /// <summary>Folder for what outlives the process; null if the user named none.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Port of the management routes.</summary>
    public PortRequest ManagementPort { get; init; } = PortRequest.None;

    /// <summary>Port that consoles connect to, on loopback.</summary>
    public PortRequest CmdPort { get; init; } = PortRequest.None;

    /// <summary>Configures the actor system: the user's file and, unless that says where entities are persisted, the folder.</summary>
    /// <param name="akka">Of the process.</param>
    /// <param name="dataFolder">Null for none.</param>
    public void Configure(AkkaConfigurationBuilder akka, string? dataFolder)
    {
        if (!Config.Config.IsEmpty) akka.AddHocon(Config.Config, HoconAddMode.Prepend);
        if (dataFolder is not null && !Config.ChoosesPersistence) Composition.DataFolder.Configure(akka, dataFolder);
    }
}
