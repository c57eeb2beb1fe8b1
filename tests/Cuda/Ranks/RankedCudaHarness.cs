using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Host.Commands;

namespace ActorInference.Cuda.Tests.Ranks;

/// <summary>A model divided over two emulated devices: this process has rank 0, and another one, of the real program, the other rank.</summary>
internal sealed class RankedCudaHarness : RunnerLoops, IDisposable
{
    public const int Ranks = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CudaModel _model;
    private readonly string _folder;
    private readonly TimeSpan _stepDeadline;
    private string _groupPath = "";

    public RankedCudaHarness(string folder, int pageSize = 16, int poolTokens = 1024, TimeSpan? stepDeadline = null)
    {
        Require();
        EmulatedCuda.SetDevices(Ranks);
        (_folder, _stepDeadline) = (folder, stepDeadline ?? Patience);
        var config = ModelConfig.Load(folder);
        _model = CudaModel.Load(0, folder, EmulatedCuda.CacheFolder, config, shard: ModelShard.Of(folder, config, 0, Ranks));
        Layout = _model.Layout(pageSize);
        var pool = _model.CreatePool(Layout, Layout.PagesFor(poolTokens));
        Pages = pool;
        Runner = Start();
    }

    public KvPageLayout Layout { get; }

    public Gpu.Kv.KvPagePool Pages { get; }

    public RankedCudaRunner Runner { get; private set; }

    protected override IModelRunner Driven => Runner;

    public static void Require()
    {
        EmulatedCuda.Require();
        Skip.IfNot(RankGroup.IsSupported, "Ranks need /dev/shm and futex(2).");
    }

    /// <summary>As a worker does whose runner has failed: another one, with a process of its own, over the same pages.</summary>
    public void Restart()
    {
        Runner.Dispose();
        Runner = Start();
    }

    /// <summary>The other rank's process.</summary>
    public int OtherProcess()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var process) && CommandLine(folder).Contains(_groupPath)) return process;
        }

        throw new InvalidOperationException("The other rank is not there.");
    }

    public void Dispose()
    {
        Runner.Dispose();
        Pages.Dispose();
        _model.Dispose();
        EmulatedCuda.SetDevices(1);
    }

    private RankedCudaRunner Start() => RankedCudaRunner.Start(
        _model.Weights, Pages, (RankedPoolMemory)Pages.Storage!, new CudaRunnerOptions { MaxBatchTokens = 64 },
        new RankOptions { Program = Program, StartDeadline = Patience, StepDeadline = _stepDeadline });

    private ProcessStartInfo Program(RankInvitation invitation)
    {
        _groupPath = invitation.GroupPath;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "actorinference.dll"));
        foreach (var argument in RankCommand.Arguments(_folder, invitation)) start.ArgumentList.Add(argument);
        return start;
    }

    private static string[] CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];   // It has ended meanwhile.
        }
    }
}
