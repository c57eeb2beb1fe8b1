using System.CommandLine;
using ActorInference.Cache.Benchmarks;
using ActorInference.Gpu.Kv;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary>The second process of <c>actorinference bench transfer</c>, which starts it.</summary>
public static class BenchTransferPeerCommand
{
    public const string Name = "transfer-peer";

    public static Command Create()
    {
        var pageBytes = new Argument<int>("page-bytes");
        var bytes = new Argument<long>("bytes");
        var command = new Command(Name, "The second process of bench transfer.") { pageBytes, bytes };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            await TransferBenchmarkPeer.RunAsync(
                parsed.GetValue(pageBytes), parsed.GetValue(bytes), (layout, pages, shared) => new KvPagePool(layout, pages, shared));
            return CommandLine.Success;
        });
        return command;
    }
}
