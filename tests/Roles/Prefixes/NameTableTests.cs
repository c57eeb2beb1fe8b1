using ActorInference.Roles.Prefixes;

namespace ActorInference.Roles.Tests.Prefixes;

public sealed class NameTableTests
{
    /// <param name="secret">1 puts small names all in one place, and the largest ones where the table ends.</param>
    [Theory]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(3, 1UL)]
    [InlineData(4, 1UL)]
    public void Whatever_comes_and_goes_it_has_what_a_dictionary_has(int seed, ulong? secret)
    {
        var random = new Random(seed);
        var table = new NameTable(secret);
        var plain = new Dictionary<ulong, int>();
        for (var step = 0; step < 1000; step++)
        {
            var name = random.Next(2) == 0 ? (ulong)random.Next(80) : ulong.MaxValue - (ulong)random.Next(80);
            if (random.Next(200) == 0)
            {
                table.Clear();
                plain.Clear();
            }
            else if (random.Next(3) > 0)
            {
                var number = table.Add(name, out var isNew);
                Assert.Equal(!plain.ContainsKey(name), isNew);
                Assert.Equal(plain.GetValueOrDefault(name, number), number);
                plain[name] = number;
            }
            else if (plain.Remove(name, out var number))
            {
                table.Remove(number);
            }

            table.CheckInvariants();
            Assert.Equal(plain.Count, table.Count);
            Assert.Equal(plain.GetValueOrDefault(name, NameTable.None), table.Find(name));
            Assert.All(plain, pair => Assert.True(table.Find(pair.Key) == pair.Value && table.Name(pair.Value) == pair.Key, $"Seed {seed}, step {step}: name {pair.Key}."));
        }
    }

    [Fact]
    public void Names_keep_their_numbers_when_it_grows_and_numbers_are_given_again()
    {
        var table = new NameTable();
        var numbers = Enumerable.Range(0, 10_000).Select(i => table.Add((ulong)i << 20, out _)).ToArray();

        Assert.Equal(10_000, numbers.Distinct().Count());
        Assert.All(numbers, number => Assert.InRange(number, 0, table.Capacity - 1));
        for (var i = 0; i < 10_000; i++) Assert.Equal(numbers[i], table.Find((ulong)i << 20));

        foreach (var number in numbers) table.Remove(number);
        Assert.Equal(numbers.Reverse(), Enumerable.Range(0, 10_000).Select(i => table.Add((ulong)i, out _)));
        table.CheckInvariants();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(48)]
    public void A_loop_down_warms_each_name_once_and_no_more_than_so_many_ahead(int count)
    {
        var table = new NameTable();
        var names = new ulong[count];
        var warmed = count;
        for (var i = count - 1; i >= 0; i--)
        {
            warmed -= table.WarmDown(names, i);
            Assert.InRange(warmed, Math.Max(0, i - NameTable.WarmNames + 1), i);
        }

        Assert.Equal(0, warmed);
    }
}
