using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>Coordinated updates, one reconciliation a step, everything ready at once.</summary>
public sealed class StrictRolloutTests
{
    [Theory]
    [InlineData(1, 7, 5, 2, 1, "(2,2)(3,2)(3,3)(4,3)(5,3)(5,4)(6,4)(6,5)(7,5)")]
    [InlineData(1, 3, 1, 1, 1, "(3,1)")]
    [InlineData(1, 1, 1, 0, 0, "(1,0)(1,1)")]
    [InlineData(1, 7, 3, 0, 0, "(1,0)(1,1)(2,1)(3,1)(3,2)(5,2)(5,3)(7,3)")]
    [InlineData(10, 10, 2, 0, 0, "(1,0)(1,1)(5,1)(6,1)(6,2)(10,2)")]
    public void Sequences(int skew, int prefill, int decode, int p, int d, string expected) => Assert.Equal(expected, string.Concat(Run(skew, prefill, decode, p, d)));

    [Fact]
    public void Ten_and_ten_alternate()
    {
        var steps = Run(10, 10, 10, 0, 0).ToList();

        Assert.Equal(20, steps.Count);
        Assert.Equal(Enumerable.Range(1, 20).Select(step => $"({(step + 1) / 2},{step / 2})"), steps);
    }

    [Fact]
    public void Two_hundred_and_a_hundred_from_the_middle()
    {
        var steps = Run(10, 200, 100, 71, 53).ToList();

        Assert.Equal(["(106,53)", "(116,53)", "(116,58)"], steps.Take(3));
        Assert.Equal((21, "(200,100)"), (steps.Count, steps[^1]));
    }

    [Fact]
    public void A_slowest_role_may_be_told_more_than_it_has()
    {
        Assert.Equal(206, RollingBounds.SlowestTarget(IntOrPercent.Percent(10), new RoleCount("d", 100, 100, 100), new RoleCount("p", 200, 196, 200)));
    }

    [Fact]
    public void A_number_for_the_skew_acts_as_lockstep()
    {
        var roles = new[] { new RoleCount("p", 100, 10, 100), new RoleCount("d", 100, 9, 100) };

        Assert.Equal(RollingBounds.Targets(IntOrPercent.Percent(0), roles), RollingBounds.Targets(IntOrPercent.Replicas(30), roles));
    }

    [Fact]
    public void One_and_one_progress_though_none_is_ready()
    {
        var targets = RollingBounds.Targets(IntOrPercent.Percent(10), [new RoleCount("p", 1, 0, 0), new RoleCount("d", 1, 0, 0)]);

        Assert.Equal(1, targets.Values.Sum());
    }

    [Fact]
    public void Every_pair_of_sizes_ends_and_stays_within_the_skew()
    {
        for (var prefill = 1; prefill <= 100; prefill++)
        {
            for (var decode = 1; decode <= 100; decode++) CheckRun(prefill, decode, 0, 0);
        }
    }

    [Fact]
    public void So_does_every_partial_start_that_is_within_it()
    {
        for (var prefill = 1; prefill <= 19; prefill++)
        {
            for (var decode = 1; decode <= 19; decode++)
            {
                for (var start = 0; start < (prefill + 1) * (decode + 1); start++) CheckRun(prefill, decode, start % (prefill + 1), start / (prefill + 1));
            }
        }
    }

    [Fact]
    public void Three_roles_end_and_stay_within_the_skew()
    {
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            int[] sizes = [random.Next(1, 60), random.Next(1, 60), random.Next(1, 60)];
            var updated = new int[3];
            for (var steps = 0; !updated.SequenceEqual(sizes); steps++)
            {
                Assert.True(steps <= 500, string.Join(',', sizes));
                updated = Step(1, sizes, updated);

                // The slowest may overtake the fastest by its own rounding, while a third is behind by another's.
                Assert.True(Distance(sizes, updated) <= 0.01 + sizes.Sum(size => 1.0 / size), $"{string.Join(',', updated)} of {string.Join(',', sizes)}");
            }
        }
    }

    private static void CheckRun(int prefill, int decode, int p, int d)
    {
        int[] sizes = [prefill, decode], updated = [p, d];
        var before = Distance(sizes, updated);
        for (var steps = 0; !updated.SequenceEqual(sizes); steps++)
        {
            if (steps > prefill + decode) Assert.Fail($"{prefill} and {decode} from {p} and {d} do not end: {updated[0]}, {updated[1]}.");
            updated = Step(1, sizes, updated);
            before = Math.Min(before, Distance(sizes, updated));
            if (Distance(sizes, updated) > Math.Max(before, Allowed(sizes, 0.01)) + 1e-9) Assert.Fail($"{prefill} and {decode} from {p} and {d}: {updated[0]}, {updated[1]}.");
        }
    }

    private static double Distance(int[] sizes, int[] updated)
    {
        var shares = sizes.Zip(updated, (size, count) => (double)count / size).ToList();
        return shares.Max() - shares.Min();
    }

    /// <summary>The skew and one replica of the smallest role, each rounded up to a hundredth of a percent.</summary>
    private static double Allowed(int[] sizes, double skew) => (Math.Ceiling(10_000 * skew) + sizes.Max(size => Math.Ceiling(10_000.0 / size))) / 10_000;

    private static int[] Step(int skew, int[] sizes, int[] updated)
    {
        var targets = RollingBounds.Targets(IntOrPercent.Percent(skew), [.. sizes.Select((size, role) => new RoleCount($"{role}", size, updated[role], size))]);
        return [.. sizes.Select((size, role) => Math.Min(targets[$"{role}"], size))];
    }

    private static IEnumerable<string> Run(int skew, int prefill, int decode, int p, int d)
    {
        int[] sizes = [prefill, decode];
        for (var updated = new[] { p, d }; !updated.SequenceEqual(sizes);)
        {
            updated = Step(skew, sizes, updated);
            yield return $"({updated[0]},{updated[1]})";
        }
    }
}
