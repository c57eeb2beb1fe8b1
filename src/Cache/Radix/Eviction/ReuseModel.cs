namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// How soon pages are used again, learned from all that were seen, cached or not: a proportional-hazards model (Cox,
/// 1972) with a hazard for each span of age and a factor for each level of each feature of <see cref="ReuseClass"/>,
/// fitted in turns. Pages not used again yet count as far as they have come, so that the young are not taken for the dead.
/// </summary>
/// <remarks>
/// A page's value is its Gittins index: the most hits per unit of age that keeping it until some later age may earn. Age
/// is counted in pages asked for, so that it says how much room the wait costs.
/// </remarks>
internal sealed class ReuseModel
{
    private const int Buckets = 56;   // Two to an octave of age.
    private const int ValueLevels = 96;
    private const double LevelsPerOctave = 8;
    private const double WeakestLog2 = -6;
    private const double Prior = 100;   // Events that a factor has to be contradicted by.
    private const int FitRounds = 3;

    private static readonly double[] Starts = [.. Enumerable.Range(0, Buckets + 1).Select(static bucket => ((bucket & 1) == 0 ? 1.0 : 1.5) * double.Exp2(bucket / 2))];

    // For each class and age: reuses, ages at which pages left by being used again, and how far they had come within the last span.
    private readonly float[] _reused = new float[ReuseClass.Count * Buckets];
    private readonly float[] _left = new float[ReuseClass.Count * Buckets];
    private readonly float[] _part = new float[ReuseClass.Count * Buckets];
    private readonly float[] _presentPart = new float[ReuseClass.Count * Buckets];
    private readonly float[] _exposed = new float[ReuseClass.Count * Buckets];
    private readonly bool[] _seen = new bool[ReuseClass.Count];
    private readonly double[] _hazard = new double[Buckets];
    private readonly double[][] _factors = [.. Enumerable.Range(0, ReuseClass.Features).Select(static feature => new double[ReuseClass.Levels[feature]])];
    private readonly byte[] _valueLevels = new byte[ReuseClass.Count];
    private readonly float[] _values = new float[ValueLevels * Buckets];
    private readonly double[] _observed = new double[Buckets];
    private readonly double[] _expected = new double[Buckets];

    /// <summary>A page was used again.</summary>
    public void AddReuse(int reuseClass, long age)
    {
        var bucket = BucketOf(age);
        _reused[reuseClass * Buckets + bucket]++;
        AddEnd(reuseClass, age, bucket);
    }

    /// <summary>A page is no longer followed.</summary>
    public void AddLoss(int reuseClass, long age) => AddEnd(reuseClass, age, BucketOf(age));

    /// <summary>Forgets half of what was learned, so that what is true now weighs more.</summary>
    public void Fade()
    {
        foreach (var counts in (float[][])[_reused, _left, _part])
        {
            for (var i = 0; i < counts.Length; i++) counts[i] /= 2;
        }
    }

    /// <summary>Begins a fit; then <see cref="AddPresent"/> for each page that is followed, then <see cref="Fit"/>.</summary>
    public void BeginFit()
    {
        _left.CopyTo(_exposed.AsSpan());
        _part.CopyTo(_presentPart.AsSpan());
    }

    public void AddPresent(int reuseClass, long age)
    {
        var bucket = BucketOf(age);
        _exposed[reuseClass * Buckets + bucket]++;
        _presentPart[reuseClass * Buckets + bucket] += PartOf(age, bucket);
        _seen[reuseClass] = true;
    }

    public void Fit()
    {
        for (var c = 0; c < ReuseClass.Count; c++)
        {
            if (_seen[c]) SumExposures(_exposed.AsSpan(c * Buckets, Buckets), _presentPart.AsSpan(c * Buckets, Buckets));
        }

        foreach (var factors in _factors) Array.Fill(factors, 1);
        for (var round = 0; round <= FitRounds; round++)
        {
            FitHazards();
            if (round == FitRounds) break;
            for (var feature = 0; feature < ReuseClass.Features; feature++) FitFactors(feature);
        }

        Span<bool> isFilled = stackalloc bool[ValueLevels];
        isFilled.Clear();
        for (var c = 0; c < ReuseClass.Count; c++)
        {
            var level = _valueLevels[c] = LevelOf(FactorOf(c));
            if (isFilled[level]) continue;
            isFilled[level] = true;
            FillValues(level);
        }
    }

    /// <returns>Expected hits per unit of age; 0 before the first fit.</returns>
    public float Value(int reuseClass, long age) => _values[_valueLevels[reuseClass] * Buckets + BucketOf(age)];

    private static void SumExposures(Span<float> ends, ReadOnlySpan<float> parts)
    {
        var later = 0f;
        for (var bucket = Buckets - 1; bucket >= 0; bucket--)
        {
            var here = ends[bucket];
            ends[bucket] = later + parts[bucket];
            later += here;
        }
    }

    private void FitHazards()
    {
        Array.Clear(_observed);
        Array.Clear(_expected);
        for (var c = 0; c < ReuseClass.Count; c++)
        {
            if (!_seen[c]) continue;
            var factor = FactorOf(c);
            for (var bucket = 0; bucket < Buckets; bucket++)
            {
                _observed[bucket] += _reused[c * Buckets + bucket];
                _expected[bucket] += factor * _exposed[c * Buckets + bucket];
            }
        }

        for (var bucket = 0; bucket < Buckets; bucket++) _hazard[bucket] = _observed[bucket] / (_expected[bucket] + 1);
    }

    private void FitFactors(int feature)
    {
        var factors = _factors[feature];
        Span<double> observed = stackalloc double[factors.Length];
        Span<double> expected = stackalloc double[factors.Length];
        observed.Clear();
        expected.Clear();
        for (var c = 0; c < ReuseClass.Count; c++)
        {
            if (!_seen[c]) continue;
            var (events, exposure) = (0.0, 0.0);
            for (var bucket = 0; bucket < Buckets; bucket++)
            {
                events += _reused[c * Buckets + bucket];
                exposure += _exposed[c * Buckets + bucket] * _hazard[bucket];
            }

            var level = ReuseClass.Level(c, feature);
            observed[level] += events;
            expected[level] += exposure * FactorOf(c) / factors[level];
        }

        for (var level = 0; level < factors.Length; level++) factors[level] = (observed[level] + Prior) / (expected[level] + Prior);
    }

    private double FactorOf(int reuseClass)
    {
        var factor = 1.0;
        for (var feature = 0; feature < ReuseClass.Features; feature++) factor *= _factors[feature][ReuseClass.Level(reuseClass, feature)];
        return factor;
    }

    private static byte LevelOf(double factor) =>
        (byte)Math.Clamp((int)Math.Round((Math.Log2(Math.Max(factor, 1e-9)) - WeakestLog2) * LevelsPerOctave), 0, ValueLevels - 1);

    private void FillValues(int level)
    {
        var factor = double.Exp2(level / LevelsPerOctave + WeakestLog2);
        Span<double> chances = stackalloc double[Buckets];
        for (var bucket = 0; bucket < Buckets; bucket++) chances[bucket] = 1 - Math.Exp(-_hazard[bucket] * factor);
        for (var from = 0; from < Buckets; from++)
        {
            var (alive, hits, time, best) = (1.0, 0.0, 0.0, 0.0);
            for (var bucket = from; bucket < Buckets - 1; bucket++)
            {
                hits += alive * chances[bucket];
                time += alive * (StartOf(bucket + 1) - StartOf(bucket)) * (1 - chances[bucket] / 2);
                alive *= 1 - chances[bucket];
                best = Math.Max(best, hits / time);
            }

            _values[level * Buckets + from] = (float)best;
        }
    }

    private void AddEnd(int reuseClass, long age, int bucket)
    {
        _left[reuseClass * Buckets + bucket]++;
        _part[reuseClass * Buckets + bucket] += PartOf(age, bucket);
        _seen[reuseClass] = true;
    }

    private static int BucketOf(long age)
    {
        if (age < 2) return 0;
        var octave = System.Numerics.BitOperations.Log2((ulong)age);
        return Math.Min(Buckets - 1, 2 * octave + (int)((age >> (octave - 1)) & 1));
    }

    private static double StartOf(int bucket) => Starts[bucket];

    private static float PartOf(long age, int bucket) =>
        (float)Math.Clamp((age - StartOf(bucket) + 0.5) / (StartOf(bucket + 1) - StartOf(bucket)), 0, 1);
}
