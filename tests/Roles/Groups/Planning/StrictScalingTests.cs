using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>Coordinated scaling, number for number. Roles are written desired,current.</summary>
public sealed class StrictScalingTests
{
    [Theory]
    [InlineData("5%", "300,0 100,0", "15 5")]
    [InlineData("5%", "300,15 100,0", "15 5")]
    [InlineData("5%", "300,15 100,5", "30 10")]
    [InlineData("5%", "300,300 100,100", "300 100")]
    [InlineData("10%", "200,20 100,0 50,5", "20 10 5")]
    [InlineData("5%", "300,0 100,0 10,0 50,0", "15 5 1 3")]
    [InlineData("10%", "1000,100 100,5 10,1", "151 16 2")]
    [InlineData("5%", "0,0 100,50", "0 56")]
    [InlineData("10%", "0,5 100,10", "0 20")]
    [InlineData("5%", "0,0 0,0", "0 0")]
    public void Targets(string skew, string roles, string targets) => Assert.Equal(targets, Compute(skew, null, roles));

    [Theory]
    [InlineData(ScalingProgression.OrderScheduled, "300,15,10,0 100,5,5,0", "15 5")]
    [InlineData(ScalingProgression.OrderScheduled, "300,15,15,0 100,5,5,0", "30 10")]
    [InlineData(ScalingProgression.OrderReady, "300,15,15,10 100,5,5,5", "15 5")]
    [InlineData(ScalingProgression.OrderReady, "300,15,15,15 100,5,5,5", "30 10")]
    public void The_next_batch_waits_for_the_last(ScalingProgression progression, string roles, string targets) => Assert.Equal(targets, Compute("5%", progression, roles));

    [Theory]
    [InlineData("10%", "10 10", "1 1;2 2;4 4;5 5;6 6;7 7;8 8;9 9;10 10")]
    [InlineData("25%", "4 2", "1 1;2 1;3 2;4 2")]
    public void Whole_runs(string skew, string desired, string expected) => Assert.Equal(expected, string.Join(';', Run(skew, desired)));

    [Fact]
    public void Five_percent_of_300_and_100_takes_twenty_rounds()
    {
        var rounds = Run("5%", "300 100").ToList();

        Assert.Equal(["15 5", "30 10", "46 16", "61 21", "76 26"], rounds.Take(5));
        Assert.Equal((20, "300 100"), (rounds.Count, rounds[^1]));
    }

    [Fact]
    public void No_role_or_a_skew_that_is_no_percentage_is_an_error()
    {
        Assert.Throws<ArgumentException>(() => ScalingTargets.Compute([], null, null));
        foreach (var skew in new[] { "5", "150%", "-5%" }) Assert.Throws<ArgumentException>(() => Compute(skew, null, "10,0"));
        Assert.Equal("6", Compute("5.5%", null, "100,0"));
    }

    private static IEnumerable<string> Run(string skew, string desired)
    {
        var wanted = desired.Split(' ').Select(int.Parse).ToArray();
        for (var current = new int[wanted.Length]; !current.SequenceEqual(wanted);)
        {
            var roles = string.Join(' ', wanted.Zip(current).Select(role => $"{role.First},{role.Second}"));
            var next = Compute(skew, null, roles);
            current = [.. next.Split(' ').Select(int.Parse)];
            yield return next;
        }
    }

    private static string Compute(string skew, ScalingProgression? progression, string roles)
    {
        var counts = roles.Split(' ').Index().Select(role =>
        {
            var numbers = role.Item.Split(',').Select(int.Parse).ToArray();
            return new ScalingCount($"r{role.Index}", numbers[0], numbers[1], numbers.ElementAtOrDefault(2), numbers.ElementAtOrDefault(3));
        }).ToList();
        var targets = ScalingTargets.Compute(counts, StrictCasesTests.Amount(skew), progression);
        return string.Join(' ', counts.Select(role => targets[role.Role]));
    }
}
