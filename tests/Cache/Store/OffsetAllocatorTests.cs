using ActorInference.Cache.Store;

namespace ActorInference.Cache.Tests.Store;

public sealed class OffsetAllocatorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Parts_never_overlap_and_free_neighbours_are_one(int seed)
    {
        var random = new Random(seed);
        var allocator = new OffsetAllocator(1 << 20);
        var live = new SortedDictionary<long, long>();
        for (var step = 0; step < 20_000; step++)
        {
            if (random.Next(100) < 55)
            {
                var bytes = random.Next(3) == 0 ? random.Next(1, 60_000) : random.Next(1, 3_000);
                var offset = allocator.Allocate(bytes);
                if (offset < 0)
                {
                    Assert.True(allocator.LargestFreeBytes() < OffsetAllocator.Rounded(bytes), $"Seed {seed}, step {step}: {bytes} bytes would have fitted.");
                    continue;
                }

                var before = live.LastOrDefault(part => part.Key <= offset);
                Assert.True(before.Value == 0 || before.Key + before.Value <= offset, $"Seed {seed}, step {step}: overlaps the part before it.");
                var after = live.FirstOrDefault(part => part.Key > offset);
                Assert.True(after.Value == 0 || offset + bytes <= after.Key, $"Seed {seed}, step {step}: overlaps the part after it.");
                Assert.InRange(offset + bytes, 1, allocator.CapacityBytes);
                live.Add(offset, OffsetAllocator.Rounded(bytes));
            }
            else if (live.Count > 0)
            {
                var part = live.ElementAt(random.Next(live.Count)).Key;
                allocator.Free(part);
                live.Remove(part);
            }

            Assert.Equal(live.Values.Sum(), allocator.UsedBytes);
            if (step % 100 == 0) allocator.CheckInvariants();
        }

        foreach (var part in live.Keys) allocator.Free(part);
        allocator.CheckInvariants();
        Assert.Equal(allocator.CapacityBytes, allocator.LargestFreeBytes());
    }

    /// <summary>Mooncake's allocator keeps 0.875 in use with uniform sizes.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Fragmentation_is_bounded(int seed)
    {
        var random = new Random(seed);
        var allocator = new OffsetAllocator(64 << 20);
        var live = new List<long>();
        var fullest = 1.0;
        for (var round = 0; round < 50; round++)
        {
            for (long offset; (offset = allocator.Allocate(random.Next(64 << 10, 512 << 10))) >= 0;) live.Add(offset);
            fullest = Math.Min(fullest, (double)allocator.UsedBytes / allocator.CapacityBytes);
            for (var i = live.Count / 4; i > 0; i--)
            {
                var index = random.Next(live.Count);
                allocator.Free(live[index]);
                live.RemoveAt(index);
            }
        }

        Assert.True(fullest > 0.85, $"Seed {seed}: a request failed at {fullest:P1} in use.");
    }

    [Fact]
    public void What_is_not_allocated_cannot_be_freed()
    {
        var allocator = new OffsetAllocator(4096);
        var offset = allocator.Allocate(100);
        allocator.Free(offset);

        Assert.Throws<ArgumentException>(() => allocator.Free(offset));
        Assert.Throws<ArgumentException>(() => allocator.Free(256));
        Assert.Throws<ArgumentOutOfRangeException>(() => allocator.Allocate(0));
    }

    [Fact]
    public void An_allocator_is_restored_with_its_gaps()
    {
        var allocator = OffsetAllocator.Restore(8192, [(512, 512), (1024, 100), (4096, 4096)]);

        allocator.CheckInvariants();
        Assert.Equal(512 + 256 + 4096, allocator.UsedBytes);
        Assert.Equal(4096 - 1280, allocator.LargestFreeBytes());
        Assert.Equal(0, allocator.Allocate(512));
        allocator.Free(512);
        allocator.CheckInvariants();
        Assert.Throws<ArgumentException>(() => OffsetAllocator.Restore(8192, [(0, 512), (256, 256)]));
        Assert.Throws<ArgumentException>(() => OffsetAllocator.Restore(1024, [(512, 1024)]));
    }
}
