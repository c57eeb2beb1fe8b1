using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>The native window: always ends, and never breaks the skew, in whatever order instances become ready.</summary>
public sealed class SkewWindowTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void Every_pair_of_sizes_ends_and_stays_within_the_skew(int percent)
    {
        for (var prefill = 1; prefill <= 100; prefill++)
        {
            for (var decode = 1; decode <= 100; decode++) Run(IntOrPercent.Percent(percent), [], [prefill, decode], new Random((prefill * 1000) + decode), finishAll: true);
        }
    }

    [Fact]
    public void Whatever_becomes_ready_first_the_skew_holds()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            int[] sizes = [.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => random.Next(1, 40))];
            var skew = random.Next(3) == 0 ? IntOrPercent.Replicas(random.Next(0, 4)) : IntOrPercent.Percent(random.Next(0, 30));
            var order = random.Next(2) == 0 ? [] : Enumerable.Range(0, sizes.Length).OrderBy(_ => random.Next()).Select(role => $"{role}").ToImmutableArray();
            Run(skew, order, sizes, random, finishAll: false);
        }
    }

    [Fact]
    public void All_roles_inside_the_window_advance_at_once()
    {
        var allowed = SkewWindow.Allow([Fresh("p", 200), Fresh("d", 100)], IntOrPercent.Percent(5), []);

        Assert.Equal((10, 5), (allowed["p"], allowed["d"]));
        Assert.True(Run(IntOrPercent.Percent(10), [], [10, 10], new Random(1), finishAll: true) <= 10, "RBG takes 20 steps.");
    }

    [Fact]
    public void A_number_for_the_skew_means_replicas()
    {
        var allowed = SkewWindow.Allow([Fresh("p", 100), Fresh("d", 50)], IntOrPercent.Replicas(3), []);

        Assert.Equal((3, 3), (allowed["p"], allowed["d"]));
    }

    [Fact]
    public void What_is_not_ready_does_not_count_as_progress()
    {
        var allowed = SkewWindow.Allow([new("p", 10, 2, 100, 100), new("d", 10, 10, 100, 100)], IntOrPercent.Percent(10), []);

        Assert.Equal(12, allowed["d"]);
    }

    [Fact]
    public void A_role_goes_no_further_than_those_before_it_in_the_order()
    {
        var begin = SkewWindow.Allow([Fresh("prefill", 4), Fresh("decode", 4)], IntOrPercent.Percent(50), ["decode", "prefill"]);
        var later = SkewWindow.Allow([Fresh("prefill", 4), new("decode", 2, 1, 4, 4)], IntOrPercent.Percent(50), ["decode", "prefill"]);

        Assert.Equal((0, 2), (begin["prefill"], begin["decode"]));
        Assert.Equal((1, 2), (later["prefill"], later["decode"]));
    }

    [Fact]
    public void A_role_that_is_held_holds_the_others()
    {
        var allowed = SkewWindow.Allow([new("p", 50, 50, 100, 100), new("d", 50, 50, 100, 50)], IntOrPercent.Percent(1), []);

        Assert.Equal(52, allowed["p"]);
    }

    private static SkewWindow.Member Fresh(string role, int size) => new(role, 0, 0, size, size);

    private static int Run(IntOrPercent skew, ImmutableArray<string> order, int[] sizes, Random random, bool finishAll)
    {
        int[] started = new int[sizes.Length], finished = new int[sizes.Length];
        var slack = order.IsEmpty ? 1.0 / sizes.Min() : sizes.Sum(size => 1.0 / size);
        var bound = (skew.IsPercent ? skew.Number / 100 : skew.Number / sizes.Min()) + slack + 1e-9;
        for (var steps = 0; ; steps++)
        {
            if (finished.SequenceEqual(sizes)) return steps;
            var members = sizes.Select((size, role) => new SkewWindow.Member($"{role}", started[role], finished[role], size, size)).ToList();
            foreach (var (role, allowed) in SkewWindow.Allow(members, skew, order)) started[int.Parse(role)] = allowed;
            var shares = started.Zip(sizes, (count, size) => (double)count / size).ToList();
            Assert.True(shares.Max() - shares.Min() <= bound, $"{string.Join(',', started)} of {string.Join(',', sizes)} at {skew}, order {string.Join(',', order)}");
            var under = Enumerable.Range(0, sizes.Length).Where(role => started[role] > finished[role]).ToList();
            Assert.True(under.Count > 0, $"stuck at {string.Join(',', started)} of {string.Join(',', sizes)} at {skew}, order {string.Join(',', order)}");
            if (finishAll) finished = [.. started];
            else finished[under[random.Next(under.Count)]]++;
        }
    }
}
