namespace ActorInference.Cuda.Tests.Testing;

/// <summary>Comparison of many numbers.</summary>
internal static class Near
{
    /// <summary>How far a type's rounding may lead from the exact result, relative to numbers of about 1.</summary>
    public static float Tolerance(string type) => type switch { "float" => 2e-5f, "f16" => 4e-3f, "f8" => 6.3e-2f, _ => 2e-2f };

    /// <summary>As a whole: the differences' size relative to the numbers'. Single ones may be far off where a model rounds between its layers.</summary>
    public static void EqualOverall(IReadOnlyList<float> expected, IReadOnlyList<float> actual, float tolerance, string what)
    {
        Assert.Equal(expected.Count, actual.Count);
        var error = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));
        Assert.True(error <= tolerance, $"{what}: off by {error:P2}; at most {tolerance:P2} expected.");
    }

    public static void Equal(IReadOnlyList<float> expected, IReadOnlyList<float> actual, float tolerance, string what)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            var allowed = tolerance * Math.Max(1, Math.Abs(expected[i]));
            Assert.True(Math.Abs(expected[i] - actual[i]) <= allowed, $"{what}, element {i}: {actual[i]}; {expected[i]} expected.");
        }
    }
}
