using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;

var root = new RootCommand("An actor cluster that serves large language models.")
{
    UpCommand.Create(),
    NodeCommand.Create(),
    AgentCommand.Create(),
    CmdCommand.Create(),
    new Command("bench", "Measure this machine.")
    {
        BenchCudaCommand.Create(),
        BenchDisaggCommand.Create(),
        BenchEngineCommand.Create(),
        BenchKernelsCommand.Create(),
        BenchPauseCommand.Create(),
        BenchSamplingCommand.Create(),
        BenchTransferCommand.Create(),
        BenchTransferPeerCommand.Create(),
        BenchUpgradeCommand.Create(),
        BenchTraceCommand.Create(),
        BenchRouteCommand.Create(),
        BenchMultiturnCommand.Create(),
        BenchHitCommand.Create(),
        BenchSoakCommand.Create(),
        BenchRanksCommand.Create(),
        BenchRanksCommand.CreatePeer(),
    },
    new Command("model", "Convert, look into and make models.")
    {
        ModelConvertCommand.Create(),
        ModelInspectCommand.Create(),
        ModelPerplexityCommand.Create(),
        ModelRandomCommand.Create(),
    },
    DevicesCommand.Create(),
    RankCommand.Create(),
};
foreach (var command in GroupCommands.All()) root.Add(command);
VersionCommand.AddTo(root);
return await CommandLine.RunAsync(root, args);
