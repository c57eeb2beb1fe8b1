using ActorInference.Cache.Store;

namespace ActorInference.Cache.Tests.Store;

public sealed unsafe class DirectReadTests : IDisposable
{
    private const int PageBytes = 4 * DirectRead.FileUnit;

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("direct-read-").FullName, "pages");
    private readonly StoreMemory _memory = StoreMemory.Private(1 << 20);

    public void Dispose()
    {
        _memory.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    [SkippableFact]
    public void It_brings_what_the_file_has()
    {
        var content = Write(8 * PageBytes);
        var targets = Targets(5);

        Skip.IfNot(DirectRead.TryRead(_path, PageBytes, targets), "This system does not read files past its cache.");

        for (var i = 0; i < targets.Count; i++) Assert.True(targets[i].Span.SequenceEqual(content.AsSpan((i + 1) * PageBytes, PageBytes)), $"Page {i} is another one.");
    }

    [Fact]
    public void What_lies_otherwise_than_the_disk_reads_is_left_to_the_usual_way()
    {
        Write(8 * PageBytes);

        Assert.False(DirectRead.IsAligned(100, Targets(1)));
        Assert.False(DirectRead.TryRead(_path, 100, Targets(1)));
        Assert.False(DirectRead.IsAligned(0, [Targets(1)[0][..100]]));
        Assert.False(DirectRead.IsAligned(0, [new UnmanagedBytes(_memory.Address + 256, PageBytes).Memory]));
    }

    [Fact]
    public void A_file_that_ends_too_early_or_is_not_there_is_not_read()
    {
        Write(2 * PageBytes);

        Assert.False(DirectRead.TryRead(_path, PageBytes, Targets(2)));
        Assert.False(DirectRead.TryRead(_path + "-not", 0, Targets(1)));
    }

    private byte[] Write(int bytes)
    {
        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_path, content);
        return content;
    }

    private List<Memory<byte>> Targets(int count) => [.. Enumerable.Range(0, count).Select(i => new UnmanagedBytes(_memory.Address + (long)i * PageBytes, PageBytes).Memory)];
}
