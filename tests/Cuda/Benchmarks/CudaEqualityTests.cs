using ActorInference.Actors.Kv;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Gpu.Models;

namespace ActorInference.Cuda.Tests.Benchmarks;

public sealed class CudaEqualityTests
{
    [SkippableTheory]
    [InlineData(6, 2, 32, WeightDtype.BF16, null, 16, 35)]
    [InlineData(6, 2, 32, WeightDtype.Q4_0, null, 64, 3)]
    public void A_device_that_works_is_equal_to_the_processor(int heads, int kvHeads, int headDim, WeightDtype weights, KvDtype? kv, int pageSize, int tokens)
    {
        EmulatedCuda.Require();
        var folder = Directory.CreateTempSubdirectory("equality-");
        try
        {
            var result = CudaEquality.Run(0, new CudaEqualityCase(heads, kvHeads, headDim, weights, kv, pageSize, tokens), EmulatedCuda.CacheFolder, folder.FullName);

            Assert.Equal(23, result.Tokens);
            Assert.True(result.IsEqual, $"{result}");
            // Types that narrow do not go by without a trace: what is compared is not one thing with itself.
            Assert.InRange(result.WorstError, 1e-6, result.Case.Allowed);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
