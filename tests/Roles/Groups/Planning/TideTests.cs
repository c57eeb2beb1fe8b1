using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>A load that grows ten-fold and goes back, in simulated time: instances take their time to start, and measurements are noisy.</summary>
public sealed class TideTests
{
    private const int Seeds = 300;
    private const double Target = 1000;
    private const double Noise = 0.02;   // Less than what the tolerance leaves at the crest, so that nothing there is too many.
    private const string Role = "prefill";
    private const string Other = "decode";

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_ten_fold_tide_is_followed_within_the_bounds_in_the_ratio_and_without_flapping()
    {
        for (var seed = 0; seed < Seeds; seed++) ForSeed(seed, FollowTide);
    }

    [Fact]
    public void A_load_that_goes_up_and_down_faster_than_the_window_does_not_move_the_roles_up_and_down()
    {
        for (var seed = 0; seed < Seeds; seed++) ForSeed(seed, RideWaves);
    }

    [Fact]
    public void Instances_that_still_start_are_not_asked_for_a_second_time()
    {
        var spec = new AutoscalingSpec(1, 1000, [new MetricTarget(ScalingMetric.QueueTokens, Target)]);

        // Two of twenty are ready and have the whole load, of ten times their targets.
        var decision = Autoscaler.Decide(spec, Role, 20, 2, new Dictionary<ScalingMetric, double> { [ScalingMetric.QueueTokens] = 10 * Target }, [], DateTimeOffset.UnixEpoch);

        Assert.Equal(20, decision.Replicas[Role]);
    }

    private static void ForSeed(int seed, Action<Random> run)
    {
        try
        {
            run(new Random(seed));
        }
        catch (Exception failed)
        {
            throw new InvalidOperationException($"Seed {seed}: {failed.Message}", failed);
        }
    }

    private static void FollowTide(Random random)
    {
        var low = random.Next(1500, 4000);
        var high = 10.0 * low;
        var site = new Site(random, low);
        site.Run(steps: 60, low);
        for (var i = random.Next(12); i > 0; i--) site.Run(steps: 1, low + ((high - low) * random.NextDouble()));

        site.Run(steps: 2, high);
        var needed = Math.Min(site.Spec.MaxReplicas, high * (1 - Noise) / (Target * (1 + site.Spec.Tolerance)));
        Assert.True(site.Declared >= needed, $"{site.Declared} are declared at once, of {needed:0.0} that are needed");
        site.Run(steps: 180, high);
        Assert.True(site.Ready >= needed, $"{site.Ready} are ready, of {needed:0.0} that are needed");
        var crest = site.Declared;

        site.Run(steps: (int)(site.Spec.DownWindow / Step) - 1, low);
        Assert.Equal(crest, site.Declared);   // Not before the window is over.
        site.Run(steps: 4, low);
        var enough = Math.Max(site.Spec.MinReplicas, Math.Ceiling(low * (1 + Noise) / (Target * (1 - site.Spec.Tolerance))));
        Assert.True(site.Declared <= enough, $"{site.Declared} are left, of {enough} that are enough");
        site.Run(steps: 120, low);
        Assert.True(site.Turns <= 2, $"{site.Turns} turns for one tide");
    }

    private static void RideWaves(Random random)
    {
        var low = random.Next(1500, 4000);
        var site = new Site(random, low);
        var half = (int)(site.Spec.DownWindow / Step / 2);
        site.Run(half, 10.0 * low);
        var crest = site.Declared;

        for (var wave = 0; wave < 10; wave++)
        {
            site.Run(half, low);
            site.Run(half, 10.0 * low);
        }

        Assert.True(site.Declared >= crest, $"{site.Declared} are left of {crest}");
        Assert.True(site.Turns <= 1, $"{site.Turns} turns");
    }

    /// <summary>One role and another in its ratio, with an adapter that measures every <see cref="Step"/>.</summary>
    private sealed class Site
    {
        private readonly Random _random;
        private readonly List<DateTimeOffset> _readyAt = [];
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private ImmutableArray<Recommendation> _past = [];
        private double _most;
        private int _direction;

        public Site(Random random, double load)
        {
            _random = random;
            var min = random.Next(1, 3);
            Spec = new AutoscalingSpec(min, random.Next(20, 60), [new MetricTarget(ScalingMetric.QueueTokens, Target)])
            {
                DownWindow = Step * random.Next(12, 60),
                Ratio = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create(Other, 0.25 * random.Next(1, 9))]),
            };
            Declared = Math.Max(min, (int)Math.Ceiling(load / Target));
            for (var i = 0; i < Declared; i++) _readyAt.Add(_now);
            _past = [new Recommendation(_now, Declared)];
        }

        public AutoscalingSpec Spec { get; }

        public int Declared { get; private set; }

        public int Ready => _readyAt.Count(at => at <= _now);

        /// <summary>How often it went the other way than before.</summary>
        public int Turns { get; private set; }

        public void Run(int steps, double load)
        {
            for (; steps > 0; steps--) Measure(load * (1 + (Noise * ((2 * _random.NextDouble()) - 1))));
        }

        private void Measure(double load)
        {
            _now += Step;
            _most = Math.Max(_most, load);
            var ready = Ready;
            var measured = new Dictionary<ScalingMetric, double> { [ScalingMetric.QueueTokens] = load / Math.Max(1, ready) };
            var decision = Autoscaler.Decide(Spec, Role, Declared, ready, measured, _past, _now);
            _past = decision.Past;
            Take(decision.Replicas);
        }

        private void Take(ImmutableSortedDictionary<string, int> replicas)
        {
            var wanted = replicas[Role];
            Assert.InRange(wanted, Spec.MinReplicas, Spec.MaxReplicas);
            Assert.Equal((int)Math.Ceiling((wanted * Spec.Ratio[Other]) - 1e-9), replicas[Other]);
            Assert.True(wanted <= Math.Max(Declared, Math.Ceiling(_most / Target)), $"{wanted} are asked for, of {_most / Target:0.0} that were ever needed");
            if (wanted == Declared) return;
            var direction = Math.Sign(wanted - Declared);
            if (_direction != 0 && direction != _direction) Turns++;
            _direction = direction;
            while (_readyAt.Count < wanted) _readyAt.Add(_now + TimeSpan.FromSeconds(_random.Next(20, 120)));
            _readyAt.RemoveRange(wanted, _readyAt.Count - wanted);
            Declared = wanted;
        }
    }
}
