using ActorInference.Actors.Generation;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Tests.Sampling;

/// <summary>Top-p and min-p over a whole row choose the very token that a plain sort chooses with the same random number.</summary>
public sealed class NucleusTests
{
    private const int Wide = 151_936;

    public static TheoryData<string> Rows => ["flat", "nearly flat", "normal", "peaked", "alike", "few values", "one above all", "masked", "rising"];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_plain_sort_chooses_the_same_token(string row)
    {
        foreach (var vocab in (int[])[1, 7, 1000, 5003, 40_961, Wide])
        {
            var seed = vocab;
            var logits = Logits(row, vocab, new Random(seed));
            var sampler = new Sampler(vocab, []);
            for (var draw = 0; draw < (vocab == Wide ? 3 : 12); draw++)
            {
                var options = new SamplingOptions
                {
                    Temperature = draw % 3 == 0 ? 0.7f : 1.2f,
                    TopP = ((float[])[0.9f, 0.5f, 0.999f, 0.05f])[draw % 4],
                    MinP = draw % 5 == 4 ? 0.3f : 0f,
                    Seed = (ulong)(seed + draw),
                };
                var token = sampler.Sample([.. logits], new SamplerState(options, [], []), out _);

                Assert.True(Sorted(logits, options) == token, $"{row}, {vocab} tokens, seed {seed}, draw {draw}: {token}, but {Sorted(logits, options)} by a sort");
            }
        }
    }

    [Fact]
    public void Min_p_alone_chooses_as_a_plain_sort_does()
    {
        var logits = Logits("normal", 20_000, new Random(3));
        var sampler = new Sampler(logits.Length, []);
        for (var draw = 0; draw < 20; draw++)
        {
            var options = new SamplingOptions { Temperature = 1, MinP = 0.04f * draw, Seed = (ulong)draw };

            Assert.Equal(Sorted(logits, options), sampler.Sample([.. logits], new SamplerState(options, [], []), out _));
        }
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var logits = Logits("flat", Wide, new Random(1));
        var work = new float[Wide];
        var sampler = new Sampler(Wide, []);
        var state = new SamplerState(new SamplingOptions { TopP = 0.9f, MinP = 0.01f, Seed = 1 }, [], []);
        logits.CopyTo(work, 0);
        sampler.Sample(work, state, out _);
        logits.CopyTo(work, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        sampler.Sample(work, state, out _);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Everything sorted, the best kept until their weights reach the mass, one drawn in the order of ids.</summary>
    private static int Sorted(float[] logits, SamplingOptions options)
    {
        float[] weights = [.. logits];
        LogitMath.Exponentiate(weights, logits.Max(), 1 / options.Temperature);
        var total = weights.Sum(weight => (double)weight);
        var kept = new HashSet<int>();
        var mass = 0.0;
        foreach (var token in Enumerable.Range(0, weights.Length).OrderByDescending(token => weights[token]).ThenBy(token => token))
        {
            if (options.TopP < 1 && mass >= options.TopP * total) break;
            mass += weights[token];
            if (weights[token] >= options.MinP) kept.Add(token);
        }

        var target = CounterRandom.UnitInterval(options.Seed, 0) * kept.Order().Sum(token => (double)weights[token]);
        return kept.Order().First(token => (target -= weights[token]) < 0);
    }

    private static float[] Logits(string row, int vocab, Random random)
    {
        var logits = new float[vocab];
        for (var i = 0; i < vocab; i++)
        {
            logits[i] = row switch
            {
                "flat" => 0.3f * Normal(random),
                "nearly flat" => 1.4f * Normal(random),
                "normal" => 2.5f * Normal(random),
                "peaked" => 6 * Normal(random),
                "alike" => 1.25f,
                "few values" => random.Next(5) / 4f,
                "one above all" => i == vocab / 2 ? 30 : Normal(random),
                "masked" => i % 3 == 0 ? float.NegativeInfinity : Normal(random),
                _ => 3f * i / vocab,
            };
        }

        if (row == "masked") logits[^1] = 0;
        return logits;
    }

    private static float Normal(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
