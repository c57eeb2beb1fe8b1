using ActorInference.Actors.Ids;
using ActorInference.Roles.Router;

namespace ActorInference.Roles.Tests.Router;

public sealed class PrefixIndexTests
{
    private static readonly WorkerId A = new("prefill-0");
    private static readonly WorkerId B = new("prefill-1");

    [Fact]
    public void A_worker_has_as_much_of_a_prompt_as_it_was_given_from_its_beginning_on()
    {
        var index = new PrefixIndex(100);
        index.Hold(A, [1, 2, 3]);
        index.Hold(B, [1, 2, 7]);

        var holders = index.Match([1, 2, 3, 4]);

        Assert.Equal((3, 2), (holders.BlocksOf(A), holders.BlocksOf(B)));
        Assert.Equal(0, holders.BlocksOf(new WorkerId("unknown")));
        Assert.Equal(0, index.Match([9, 1]).BlocksOf(A));
        Assert.Equal(4, index.Count);
    }

    [Fact]
    public void What_a_worker_had_is_gone_with_it_and_its_place_is_free()
    {
        var index = new PrefixIndex(100);
        index.Hold(A, [1, 2]);
        index.Hold(B, [1]);

        index.Forget(A);

        Assert.Equal((0, 1), (index.Match([1, 2]).BlocksOf(A), index.Match([1, 2]).BlocksOf(B)));
        Assert.Equal(1, index.Count);
        for (var i = 0; i < 3 * PrefixIndex.MaxWorkers; i++)
        {
            var worker = new WorkerId($"worker-{i}");
            index.Hold(worker, [1, 2]);
            Assert.Equal(2, index.Match([1, 2]).BlocksOf(worker));
            index.Forget(worker);
        }

        index.CheckInvariants();
    }

    [Fact]
    public void Of_more_workers_than_it_tells_apart_the_last_ones_are_not_noted()
    {
        var index = new PrefixIndex(100);
        for (var i = 0; i <= PrefixIndex.MaxWorkers; i++) index.Hold(new WorkerId($"worker-{i}"), [1]);

        Assert.Equal(1, index.Match([1]).BlocksOf(new WorkerId("worker-0")));
        Assert.Equal(0, index.Match([1]).BlocksOf(new WorkerId($"worker-{PrefixIndex.MaxWorkers}")));
    }

    [Fact]
    public void The_ends_of_prompts_that_nobody_used_lately_go_first()
    {
        var index = new PrefixIndex(4);
        index.Hold(A, [1, 2, 3]);
        index.Hold(A, [11, 12]);

        Assert.Equal(2, index.Match([1, 2, 3]).BlocksOf(A));
        Assert.Equal(2, index.Match([11, 12]).BlocksOf(A));
        index.Hold(A, [21, 22, 23, 24, 25, 26]);
        Assert.Equal(4, index.Match([21, 22, 23, 24, 25, 26]).BlocksOf(A));
        Assert.Equal(4, index.Count);
    }

    [Fact]
    public void A_worker_that_can_have_less_is_taken_to_have_what_it_got_last()
    {
        var index = new PrefixIndex(100);
        index.Hold(B, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        for (var i = 0UL; i < 10; i++) index.Hold(A, [100 + i]);

        index.Trim(A, 3);
        index.Trim(B, 9);

        Assert.Equal(3, index.HeldBy(A));
        Assert.Equal(1, index.Match([109]).BlocksOf(A));
        Assert.Equal(0, index.Match([106]).BlocksOf(A));
        Assert.Equal(10, index.HeldBy(B));   // So little above is let be.
        index.Trim(A, 0);
        Assert.Equal((0, 10), (index.HeldBy(A), index.Count));
    }

    [Fact]
    public void What_a_worker_says_to_have_stays_when_what_it_was_given_is_taken_for_gone()
    {
        var index = new PrefixIndex(100);
        index.Confirm(A, [1, 2, 3]);
        index.Hold(A, [1, 2, 3, 4, 5, 6]);
        index.Hold(B, [1]);

        index.TrimUnconfirmed(A, 1);
        Assert.Equal((4, 3), (index.Match([1, 2, 3, 4]).BlocksOf(A), index.ConfirmedBy(A)));
        index.Deny(A, [3, 4, 9]);
        Assert.Equal(2, index.Match([1, 2, 3, 4]).BlocksOf(A));
        index.Hold(A, [1, 2, 3]);
        index.Doubt(A);

        Assert.Equal((1, 0), (index.HeldBy(A), index.ConfirmedBy(A)));   // What it was given just now.
        Assert.Equal(1, index.Match([1]).BlocksOf(B));
        index.CheckInvariants();
    }

    [Fact]
    public void Many_long_prompts_fill_it_and_the_oldest_ends_go()
    {
        var index = new PrefixIndex(1000);
        ulong[][] prompts = [.. Enumerable.Range(1, 5).Select(i => Enumerable.Range(0, 300).Select(k => (ulong)i << 32 | (uint)k).ToArray())];
        index.Confirm(A, prompts[0]);
        for (var i = 1; i < 5; i++) index.Hold(B, prompts[i]);

        index.CheckInvariants();
        Assert.Equal(1000, index.Count);
        Assert.Equal((0, 0), (index.HeldBy(A), index.Match(prompts[0]).BlocksOf(A)));
        Assert.Equal(100, index.Match(prompts[1]).BlocksOf(B));
        Assert.All(prompts[2..], prompt => Assert.Equal(300, index.Match(prompt).BlocksOf(B)));
        index.Deny(B, prompts[4].AsSpan(100));
        Assert.Equal((100, 800), (index.Match(prompts[4]).BlocksOf(B), index.Count));
        index.CheckInvariants();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_workers_say_is_counted_whatever_else_is_noted_of_them(int seed)
    {
        var random = new Random(seed);
        var index = new PrefixIndex(random.Next(5, 60));
        var workers = Enumerable.Range(0, 4).Select(i => new WorkerId($"worker-{i}")).ToArray();
        for (var step = 0; step < 3000; step++)
        {
            var (worker, blocks) = (workers[random.Next(workers.Length)], Prompt(random));
            switch (random.Next(12))
            {
                case 0: index.Forget(worker); break;
                case 1: index.Trim(worker, random.Next(20)); break;
                case 2: index.TrimUnconfirmed(worker, random.Next(20)); break;
                case 3: index.Doubt(worker); break;
                case < 6: index.Deny(worker, blocks); break;
                case < 9: index.Hold(worker, blocks); break;
                default: index.Confirm(worker, blocks); break;
            }

            index.CheckInvariants();
            Assert.True(index.ConfirmedBy(worker) <= index.HeldBy(worker), $"Seed {seed}, step {step}.");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_done_it_says_what_a_plain_list_says(int seed)
    {
        var random = new Random(seed);
        var capacity = random.Next(1, 60);
        var index = new PrefixIndex(capacity);
        var plain = new List<(ulong Block, HashSet<WorkerId> Holders)>();   // The oldest first.
        var workers = Enumerable.Range(0, 5).Select(i => new WorkerId($"worker-{i}")).ToArray();
        for (var step = 0; step < 4000; step++)
        {
            var worker = workers[random.Next(workers.Length)];
            switch (random.Next(20))
            {
                case 0:
                    index.Forget(worker);
                    Trim(plain, worker, 0);
                    break;
                case 1:
                    var most = random.Next(30);
                    if (plain.Count(each => each.Holders.Contains(worker)) > most + most / 8) Trim(plain, worker, most);
                    index.Trim(worker, most);
                    break;
                default:
                    var blocks = Prompt(random);
                    index.Hold(worker, blocks);
                    Hold(plain, worker, blocks, capacity);
                    break;
            }

            index.CheckInvariants();
            var asked = Prompt(random);
            var holders = index.Match(asked);
            foreach (var each in workers)
            {
                var expected = asked.TakeWhile(block => plain.Any(entry => entry.Block == block && entry.Holders.Contains(each))).Count();
                Assert.True(expected == holders.BlocksOf(each), $"Seed {seed}, step {step}: {each} has {expected} blocks, not {holders.BlocksOf(each)}.");
            }
        }
    }

    /// <summary>Prompts of a small tree, so that many begin alike.</summary>
    private static ulong[] Prompt(Random random)
    {
        var blocks = new ulong[random.Next(1, 9)];
        var path = 1UL;
        for (var i = 0; i < blocks.Length; i++) blocks[i] = path = path * 4 + (ulong)random.Next(3);
        return blocks;
    }

    private static void Hold(List<(ulong Block, HashSet<WorkerId> Holders)> plain, WorkerId worker, ulong[] blocks, int capacity)
    {
        for (var i = Math.Min(blocks.Length, capacity) - 1; i >= 0; i--)
        {
            var place = plain.FindIndex(entry => entry.Block == blocks[i]);
            var entry = place < 0 ? (blocks[i], []) : plain[place];
            if (place >= 0) plain.RemoveAt(place);
            else if (plain.Count == capacity) plain.RemoveAt(0);
            entry.Item2.Add(worker);
            plain.Add(entry);
        }
    }

    private static void Trim(List<(ulong Block, HashSet<WorkerId> Holders)> plain, WorkerId worker, int most)
    {
        var held = plain.Count(entry => entry.Holders.Contains(worker));
        foreach (var (_, holders) in plain.Where(_ => held > most).ToList())
        {
            if (held > most && holders.Remove(worker)) held--;
        }

        plain.RemoveAll(entry => entry.Holders.Count == 0);
    }
}
