using System.Diagnostics;
using System.Runtime.InteropServices;
using ActorInference.Cache.Store;
using Microsoft.Win32.SafeHandles;

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

    [SkippableFact]
    public void What_was_just_written_is_in_the_systems_cache()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Other systems do not tell.");
        Write(8 * PageBytes);
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite);

        Assert.InRange(CachedFile.Share(file, 0, 8 * PageBytes), 0.5, 1);
        Assert.InRange(CachedFile.Share(file, PageBytes + 7, PageBytes), 0.5, 1);
    }

    [SkippableFact]
    public void What_the_system_has_forgotten_is_not_in_its_cache()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Other systems do not tell.");
        Write(64 * PageBytes);
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        var (share, patience) = (1.0, Stopwatch.StartNew());
        while (share == 1 && patience.Elapsed < TimeSpan.FromSeconds(5))
        {
            Skip.If(Advise(file, 0, 0, DontNeed) != 0, "This file system forgets nothing.");
            share = CachedFile.Share(file, 0, 64 * PageBytes);
        }

        Skip.If(share == 1, "This file system keeps its files in memory.");
        Assert.InRange(share, 0, 0.9);
    }

    [SkippableFact]
    public void Counts_and_maps_tell_the_same()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Other systems do not tell.");
        Write(8 * PageBytes);
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite);
        Skip.If(CachedFile.Counted(file, 0, PageBytes) is null, "This system does not count what it has cached.");

        Assert.InRange(CachedFile.Counted(file, PageBytes + 7, 5 * PageBytes)!.Value, 0.5, 1);
        Assert.InRange(CachedFile.Mapped(file, PageBytes + 7, 5 * PageBytes), 0.5, 1);
    }

    private const int DontNeed = 4;

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int Advise(SafeFileHandle file, long offset, long length, int advice);

    private byte[] Write(int bytes)
    {
        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_path, content);
        return content;
    }

    private List<Memory<byte>> Targets(int count) => [.. Enumerable.Range(0, count).Select(i => new UnmanagedBytes(_memory.Address + (long)i * PageBytes, PageBytes).Memory)];
}
