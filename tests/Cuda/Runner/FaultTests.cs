using ActorInference.Actors.Generation;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tests.Engine;
using ManagedCuda.BasicTypes;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>What a device can do to those who use it: fail, hang, and have no memory.</summary>
public sealed class FaultTests
{
    private static readonly string Model = Fixture.Load("linear").Folder;

    [SkippableTheory]
    [InlineData(CUResult.ErrorIllegalAddress, 1)]
    [InlineData(CUResult.ErrorECCUncorrectable, 5)]
    public void A_fault_in_a_step_is_the_devices_loss_and_every_page_comes_back(CUResult fault, int kernel)
    {
        EmulatedCuda.Require();
        try
        {
            using var harness = new CudaHarness(Model, poolTokens: 64);
            var engine = new InferenceEngine(harness.Runner, new EngineOptions(), new RecordingEvents(harness.Pool), TimeProvider.System);
            engine.Add(new SequenceSpec([1, 2, 3], [], new SamplingOptions { Temperature = 0, MaxNewTokens = 20 }, SequenceMode.Generate));
            engine.Step();
            engine.Step();
            EmulatedCuda.Fault(fault, kernel);

            var error = Assert.Throws<CudaDeviceLostException>(() => StepOften(engine));
            engine.ReleaseAll();

            Assert.Contains($"{fault}", error.Message);
            Assert.True(harness.Model.Device.WhenLost.IsCancellationRequested, "Whoever runs the process hears of it.");
            Assert.Equal(harness.Pool.CapacityPages, harness.Pool.FreePages);
        }
        finally
        {
            EmulatedCuda.Reset();
        }
    }

    [SkippableFact]
    public void A_step_that_does_not_end_is_given_up_and_nothing_waits_for_the_device_any_more()
    {
        EmulatedCuda.Require();
        try
        {
            using (var harness = new CudaHarness(Model, poolTokens: 64, deadline: TimeSpan.FromSeconds(2)))
            {
                var batch = new ForwardBatch();
                batch.Add([1, 2, 3], 0, harness.Allocate(3), wantLogits: true);
                EmulatedCuda.Hang();

                Assert.Throws<CudaHungException>(() => harness.Runner.Forward(batch));
                Assert.True(harness.Model.Device.WhenLost.IsCancellationRequested, "Whoever runs the process hears of it.");
                harness.Runner.Discard();
            }

            Assert.Equal(0, EmulatedCuda.CallsWhileHung);
        }
        finally
        {
            EmulatedCuda.Reset();
        }
    }

    [SkippableFact]
    public void Weights_that_do_not_fit_are_an_error_and_leave_nothing_behind()
    {
        EmulatedCuda.Require();
        using var device = EmulatedCuda.Open();
        var free = device.FreeBytes;
        EmulatedCuda.RefuseMemory(1);

        Assert.Contains("weights need", Assert.Throws<CudaMemoryException>(() => CudaModel.Load(0, Model, EmulatedCuda.CacheFolder).Dispose()).Message);
        Assert.Equal(free, device.FreeBytes);
    }

    [SkippableFact]
    public void A_pool_that_does_not_fit_is_made_smaller_and_one_that_must_is_an_error()
    {
        EmulatedCuda.Require();
        using var model = CudaModel.Load(0, Model, EmulatedCuda.CacheFolder);
        var layout = model.Layout(16);
        EmulatedCuda.RefuseMemory(3);
        using (var pool = model.CreateLargestPool(layout, 64)) Assert.Equal(42, pool.CapacityPages);

        EmulatedCuda.RefuseMemory(1);
        Assert.Contains("KV pages need", Assert.Throws<CudaMemoryException>(() => model.CreatePool(layout, 64)).Message);
    }

    private static void StepOften(InferenceEngine engine)
    {
        for (var i = 0; i < 10; i++) engine.Step();
    }
}
