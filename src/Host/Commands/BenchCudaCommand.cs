using System.CommandLine;
using System.Globalization;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench cuda</c>: checks and measures a model on a CUDA device.</summary>
public static class BenchCudaCommand
{
    private const int Success = 0;
    private const int Differs = 1;
    private const int OutputTokens = 64;

    private static readonly (int Batch, int PromptTokens)[] Cases = [(1, 1024), (8, 1024), (64, 1024), (1, 8128)];

    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model folder in Hugging Face form, or a GGUF file.", Required = true };
        var index = NumberOption.Integer("--device", "Number of the CUDA device. Default: 0.", 0, 1024);
        var rounds = NumberOption.Integer("--rounds", "Times that everything is measured; results are medians. Default: 3.", 1, 100);
        var verify = new Option<bool>("--verify") { Description = $"Compare with the cases of the model's {CudaVerification.File} instead." };
        var command = new Command("cuda", "Check and measure a model on a CUDA device.") { model, index, rounds, verify };
        command.SetAction(parsed =>
        {
            var device = new DeviceChoice(DeviceKind.Cuda, parsed.GetValue(index) ?? 0).Resolve(CudaProbe.Look, null, _ => { })!;
            return parsed.GetValue(verify) ? Verify(device.Index, parsed.GetRequiredValue(model)) : Measure(device.Index, parsed.GetRequiredValue(model), parsed.GetValue(rounds) ?? 3);
        });
        return command;
    }

    private static int Verify(int device, string model)
    {
        var reference = Path.Combine(model, CudaVerification.File);
        if (!File.Exists(reference)) throw new UserErrorException($"{reference} is missing; --verify compares with it.");
        var results = CudaVerification.Run(device, model, CudaBackend.KernelCache);
        for (var i = 0; i < results.Count; i++)
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"case {i}: {results[i].EqualTokens} of {results[i].Tokens} tokens equal, worst logit off by {results[i].WorstLogit:G3}"));
        return results.All(result => result.EqualTokens == result.Tokens) ? Success : Differs;
    }

    private static int Measure(int device, string model, int rounds)
    {
        using var benchmark = new CudaBenchmark(device, model, CudaBackend.KernelCache);
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"copy {benchmark.CopyBytesPerSecond / 1e9:F0} GB/s, download {benchmark.DownloadBytesPerSecond / 1e9:F1} GB/s"));
        Console.Out.WriteLine("batch  prompt  prefill tok/s  prefill TFLOP/s  decode tok/s  of copy bandwidth");
        foreach (var (batch, promptTokens) in Cases)
        {
            var result = benchmark.Measure(batch, promptTokens, OutputTokens, rounds);
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{batch,5}  {promptTokens,6}  {result.PrefillTokensPerSecond,13:F0}  {result.PrefillTeraflops,15:F1}  {result.DecodeTokensPerSecond,12:F1}  {result.DecodeMemoryFraction,17:F3}"));
        }

        return Success;
    }
}
