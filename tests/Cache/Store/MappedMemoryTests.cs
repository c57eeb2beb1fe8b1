using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tests.Tiers;

namespace ActorInference.Cache.Tests.Store;

public sealed unsafe class MappedMemoryTests
{
    private const int Bytes = 4096;

    private readonly ManualTime _time = new();

    [SkippableFact]
    public void Memory_whose_owner_has_given_it_up_is_let_go_once_nobody_reads_it()
    {
        Skip.If(SharedSegment.Folder is null, "This system has no shared memory.");
        using var mapped = new MappedMemory(_time);
        var first = SharedSegment.Create(Bytes);
        first.Address[7] = 42;
        using var second = SharedSegment.Create(Bytes);
        var reader = mapped.TryUse(first.Path, Bytes);
        first.Dispose();

        _time.Advance(MappedMemory.SweepInterval);
        Assert.True(mapped.CanUse(second.Path, Bytes));

        Assert.Equal((2, 42), (mapped.Count, reader!.Segment.Address[7]));
        reader.Dispose();
        _time.Advance(MappedMemory.SweepInterval);
        Assert.True(mapped.CanUse(second.Path, Bytes));
        Assert.Equal(1, mapped.Count);
        Assert.False(mapped.CanUse(first.Path, Bytes));
    }

    [SkippableFact]
    public void It_is_unmapped_when_the_last_reader_leaves_after_the_end()
    {
        Skip.If(SharedSegment.Folder is null, "This system has no shared memory.");
        using var segment = SharedSegment.Create(Bytes);
        segment.Address[0] = 9;
        var mapped = new MappedMemory(_time);
        var reader = mapped.TryUse(segment.Path, Bytes)!;

        mapped.Dispose();

        Assert.Equal((1, 9), (mapped.Count, reader.Segment.Address[0]));
        Assert.Null(mapped.TryUse(segment.Path, Bytes));
        reader.Dispose();
        Assert.Equal(0, mapped.Count);
    }

    [SkippableFact]
    public void Another_length_than_the_file_has_or_no_file_is_not_mapped()
    {
        Skip.If(SharedSegment.Folder is null, "This system has no shared memory.");
        using var segment = SharedSegment.Create(Bytes);
        using var mapped = new MappedMemory(_time);

        Assert.False(mapped.CanUse(segment.Path, 2 * Bytes));
        Assert.True(mapped.CanUse(segment.Path, Bytes));
        Assert.False(mapped.CanUse(segment.Path, 2 * Bytes));
        Assert.False(mapped.CanUse(segment.Path + "-not", Bytes));
        Assert.Equal(1, mapped.Count);
    }
}
