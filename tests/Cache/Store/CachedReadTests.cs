using System.Diagnostics;
using System.Runtime.InteropServices;
using ActorInference.Cache.Store;
using Microsoft.Win32.SafeHandles;

namespace ActorInference.Cache.Tests.Store;

public sealed class CachedReadTests : IDisposable
{
    private const int PageBytes = 16 << 10;
    private const int Pages = 64;
    private const int DontNeed = 4;

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("cached-read-").FullName, "pages");
    private readonly byte[] _content = new byte[Pages * PageBytes];
    private readonly SafeFileHandle _file;

    public CachedReadTests()
    {
        new Random(1).NextBytes(_content);
        File.WriteAllBytes(_path, _content);
        _file = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite);
    }

    public void Dispose()
    {
        _file.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    [SkippableFact]
    public void What_was_just_written_comes_from_the_systems_cache_wherever_it_lies()
    {
        var targets = Targets(5);

        Skip.IfNot(CachedRead.TryRead(_file, PageBytes + 7, targets), "This system does not tell what it has in its cache.");

        for (var i = 0; i < targets.Count; i++) Assert.True(targets[i].Span.SequenceEqual(_content.AsSpan((i + 1) * PageBytes + 7, PageBytes)), $"Page {i} is another one.");
    }

    [Fact]
    public void What_the_file_does_not_have_is_not_read()
    {
        Assert.False(CachedRead.TryRead(_file, (Pages - 1) * PageBytes, Targets(2)));
        Assert.False(CachedRead.TryRead(_file, Pages * PageBytes, Targets(1)));
    }

    [SkippableFact]
    public void What_the_system_has_forgotten_is_left_to_the_disk()
    {
        Skip.IfNot(CachedRead.TryRead(_file, 0, Targets(Pages)), "This system does not tell what it has in its cache.");
        RandomAccess.FlushToDisk(_file);
        var (isRead, patience) = (true, Stopwatch.StartNew());
        while (isRead && patience.Elapsed < TimeSpan.FromSeconds(5))
        {
            Skip.If(Advise(_file, 0, 0, DontNeed) != 0, "This file system forgets nothing.");
            isRead = CachedRead.TryRead(_file, 0, Targets(Pages));
        }

        Skip.If(isRead, "This file system keeps its files in memory.");
        var targets = Targets(Pages);
        var isBack = SpinWait.SpinUntil(() => File.ReadAllBytes(_path).Length == _content.Length && CachedRead.TryRead(_file, 0, targets), TimeSpan.FromSeconds(30));
        Assert.True(isBack, "The system does not keep what was read.");
        for (var i = 0; i < targets.Count; i++) Assert.True(targets[i].Span.SequenceEqual(_content.AsSpan(i * PageBytes, PageBytes)), $"Page {i} is another one.");
    }

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int Advise(SafeFileHandle file, long offset, long length, int advice);

    private static List<Memory<byte>> Targets(int count) => [.. Enumerable.Range(0, count).Select(static _ => new Memory<byte>(new byte[PageBytes]))];
}
