using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// The kernels of the CPU backend, beside a plain library doing the same.
//   dotnet run -c Release --project bench/Kernels -- --filter '*'
// In this process, so that kernels which are internal can be called.
var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(ActorInference.Bench.Kernels.MatrixBenchmark).Assembly).Run(args, config);
