using System.Runtime.InteropServices;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Composition;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using Microsoft.Extensions.Logging;

namespace ActorInference.Cuda.Tests.Ranks;

/// <summary>What each device has of a divided model, and what is said where it cannot be divided over devices.</summary>
public sealed class DividedModelTests
{
    private const string PathVariable = "ACTORINFERENCE_CUDA_PATH";

    /// <summary>Two blocks of the feed-forward part at one rank, three at the other.</summary>
    [SkippableTheory]
    [InlineData(WeightDtype.Q8_0)]
    [InlineData(WeightDtype.F32)]
    public void The_ranks_matrices_are_the_parts_of_the_whole_ones(WeightDtype dtype)
    {
        EmulatedCuda.Require();
        var folder = Directory.CreateTempSubdirectory("actorinference-divided-").FullName;
        try
        {
            RandomModel.Write(ModelShape.Custom(layers: 1, hidden: 64, heads: 4, kvHeads: 2, headDim: 32, ffn: 160, vocab: 301), WeightDtype.F32, folder);
            var model = dtype == WeightDtype.F32 ? folder : Path.Combine(folder, "model.gguf");
            if (dtype != WeightDtype.F32) GgufConverter.Convert(folder, model, dtype);
            var config = ModelConfig.Load(model);
            using var whole = CudaModel.Load(0, model, EmulatedCuda.CacheFolder, config);
            for (var rank = 0; rank < 2; rank++)
            {
                var shard = ModelShard.Of(model, config, rank, 2);
                using var part = CudaModel.Load(0, model, EmulatedCuda.CacheFolder, config, shard: shard);
                var (all, own) = (whole.Weights.Layers[0], part.Weights.Layers[0]);
                CheckColumns(all.Output, own.Output, shard.Rank * shard.Config.QuerySize);
                CheckColumns(all.Down, own.Down, shard.FirstColumn);
                CheckRows(all.Qkv, own.Qkv, own.Qkv.Outputs - shard.Config.KvSize, all.Qkv.Outputs - config.KvSize + rank * shard.Config.KvSize, shard.Config.KvSize);
                CheckRows(all.GateUp, own.GateUp, 0, shard.FirstColumn, shard.Config.IntermediateSize);
                CheckRows(whole.Weights.Head, part.Weights.Head, 0, shard.FirstToken, 151);
                CheckRows(whole.Weights.Embedding, part.Weights.Embedding, 0, 0, config.VocabSize);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public void Fewer_devices_than_ranks_are_one_clear_error_and_auto_takes_the_processor()
    {
        RankedCudaHarness.Require();

        var error = Assert.Throws<UserErrorException>(() => Load("cuda:0").Dispose());

        Assert.Equal(
            "--tensor-parallel is '2' with --device 'cuda:0'; expected devices that can compute one model together: 2 ranks from cuda:0 on need as many devices; this machine has 1.",
            error.Message);
        var notes = new List<string>();
        using var model = Load("auto", notes);
        Assert.IsType<RankedBackend>(model.Backend);
        Assert.Contains("need as many devices", Assert.Single(notes));
    }

    [SkippableFact]
    public void Devices_that_cannot_meet_for_want_of_NCCL_are_one_clear_error()
    {
        EmulatedCuda.Require();
        Skip.If(NativeLibrary.TryLoad("libnccl.so.2", out _), "This machine has NCCL, which would be found.");
        var folder = Directory.CreateTempSubdirectory("cuda-without-nccl-").FullName;
        try
        {
            EmulatedCuda.SetDevices(2);
            foreach (var library in Directory.GetFiles(EmulatedCuda.LibraryFolder, "lib*").Where(file => !file.Contains("nccl")))
                File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(library)), library);
            Environment.SetEnvironmentVariable(PathVariable, folder);

            var error = Assert.Throws<UserErrorException>(() => Load("cuda:0").Dispose());

            Assert.Contains("libnccl.so.2 is not found; install NCCL, or name its folder by ACTORINFERENCE_CUDA_PATH", error.Message);
        }
        finally
        {
            Environment.SetEnvironmentVariable(PathVariable, EmulatedCuda.LibraryFolder);
            EmulatedCuda.SetDevices(1);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static LoadedModel Load(string device, List<string>? notes = null)
    {
        Assert.True(DeviceChoice.TryParse(device, out var choice));
        var options = new ModelOptions
        {
            ModelFolder = Path.Combine(AppContext.BaseDirectory, "models", "demo"),
            ModelName = "demo",
            Device = choice,
            KvPages = 4,
            PageSizeTokens = 16,
            Ranks = 2,
            LogLevel = LogLevel.Warning,
        };
        return LoadedModel.Load(options, new Progress<LoadProgress>(), (notes ?? []).Add);
    }

    private static void CheckColumns(CudaMatrix whole, CudaMatrix part, int firstColumn)
    {
        Assert.Equal((whole.Form, whole.Outputs), (part.Form, part.Outputs));
        var (all, own) = (Bytes(whole), Bytes(part));
        var bytes = all.Length / whole.Outputs;
        var (first, count) = ((long)firstColumn * bytes / whole.Inputs, own.Length / part.Outputs);
        for (var row = 0; row < whole.Outputs; row++)
            Assert.True(all.AsSpan((int)(row * bytes + first), count).SequenceEqual(own.AsSpan(row * count, count)), $"row {row}");
    }

    private static void CheckRows(CudaMatrix whole, CudaMatrix part, int firstRow, int firstRowOfWhole, int rows)
    {
        Assert.Equal(whole.Inputs, part.Inputs);
        var (all, own) = (Bytes(whole), Bytes(part));
        var bytes = all.Length / whole.Outputs;
        Assert.True(all.AsSpan(firstRowOfWhole * bytes, rows * bytes).SequenceEqual(own.AsSpan(firstRow * bytes, rows * bytes)), $"rows {firstRow} to {firstRow + rows}");
    }

    /// <summary>The elements, without the scales of quantized ones.</summary>
    private static unsafe byte[] Bytes(CudaMatrix matrix)
    {
        var bytes = new byte[matrix.LengthBytes - (matrix.Scales == 0 ? 0 : (long)matrix.Outputs * matrix.Inputs / 32 * 2)];
        fixed (byte* target = bytes)
            Assert.Equal(CUResult.Success, DriverAPINativeMethods.SynchronousMemcpy_v2.cuMemcpyDtoH_v2((nint)target, new CUdeviceptr(matrix.Data), bytes.Length));
        return bytes;
    }
}
