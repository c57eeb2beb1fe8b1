using ActorInference.Actors.Kv;
using ActorInference.Gpu.Kv;

namespace ActorInference.Cache.Tests.Transfer;

public sealed class SharedSegmentTests
{
    private const string Prefix = "actor-inference-kv-";

    /// <summary>Higher than any process number that Linux gives out.</summary>
    private const int NoProcess = 1 << 23;

    [SkippableFact]
    public void Only_what_dead_owners_left_is_removed()
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        using var mine = SharedSegment.Create(4096);
        var random = Guid.NewGuid().ToString("n");
        var dead = Leave($"{Prefix}{NoProcess}-123-{random}");
        var numberGivenAgain = Leave($"{Prefix}{Environment.ProcessId}-1-{random}");
        var other = Leave($"{Prefix}of-another-kind-{random}");
        try
        {
            using var next = SharedSegment.Create(4096);

            Assert.True(File.Exists(mine.Path) && File.Exists(next.Path) && File.Exists(other));
            UntilGone(dead);
            UntilGone(numberGivenAgain);
            Assert.True(File.Exists(mine.Path) && File.Exists(next.Path) && File.Exists(other));
            Assert.False(mine.IsAbandoned);
        }
        finally
        {
            foreach (var path in new[] { dead, numberGivenAgain, other }) File.Delete(path);
        }
    }

    [SkippableFact]
    public void What_a_dead_owner_left_stays_as_long_as_somebody_has_mapped_it()
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        string path;
        using (var mapped = LeaveAndMap())
        {
            path = mapped.Path;
            SharedSegment.RemoveAbandoned();

            Assert.True(mapped.IsAbandoned);
            Assert.True(File.Exists(path));
        }

        SharedSegment.RemoveAbandoned();
        UntilGone(path);
    }

    [SkippableFact]
    public void A_full_folder_is_said_to_be_full_and_nothing_is_left_in_it()
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        var total = new DriveInfo(SharedSegment.Folder!).TotalSize;

        var failure = Assert.Throws<SharedMemoryException>(() => SharedSegment.Create(total + 4096));

        Assert.Contains($"{total + 4096} are needed", failure.Message);
        // One that another test ends meanwhile has no length.
        Assert.DoesNotContain(OwnSegments(), path => new FileInfo(path) is { Exists: true } file && file.Length > total / 2);
    }

    [SkippableFact]
    public void A_pool_that_does_not_fit_into_shared_memory_is_a_typed_error()
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        var layout = new KvPageLayout(Layers: 64, PageSizeTokens: 64, KvHeads: 16, HeadDim: 256, KvDtype.F32);
        var pages = (int)(new DriveInfo(SharedSegment.Folder!).TotalSize / layout.PageBytes) + 1;

        Assert.Throws<SharedMemoryException>(() => new KvPagePool(layout, pages, shared: true).Dispose());
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(4095)]
    [InlineData(8192)]
    [InlineData(-1)]
    public void A_segment_of_another_length_than_its_owner_says_is_not_mapped(long bytes)
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        using var segment = SharedSegment.Create(4096);

        Assert.Throws<IOException>(() => SharedSegment.Open(segment.Path, bytes));
    }

    [SkippableFact]
    public void A_disposed_segment_is_gone()
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        var segment = SharedSegment.Create(4096);
        segment.Dispose();

        Assert.False(File.Exists(segment.Path));
        Assert.Throws<FileNotFoundException>(() => SharedSegment.Open(segment.Path, 4096));
    }

    /// <summary>Whoever makes a segment meanwhile removes what nobody has mapped yet: then again.</summary>
    private static SharedSegment LeaveAndMap()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var mapped = SharedSegment.Open(Leave($"{Prefix}{NoProcess}-123-{Guid.NewGuid():n}"), 4096);
                if (File.Exists(mapped.Path)) return mapped;
                mapped.Dispose();   // Removed between its opening and its locking.
            }
            catch (IOException) when (attempt < 20)
            {
            }
        }
    }

    /// <summary>Whoever else makes a segment at this moment may be the one that removes it, and has it in hand.</summary>
    private static void UntilGone(string path) => Assert.True(SpinWait.SpinUntil(() => !File.Exists(path), TimeSpan.FromSeconds(60)), $"{path} is still there.");

    private static string Leave(string name)
    {
        var path = Path.Combine(SharedSegment.Folder!, name);
        File.WriteAllBytes(path, new byte[4096]);
        return path;
    }

    private static IEnumerable<string> OwnSegments() => Directory.EnumerateFiles(SharedSegment.Folder!, $"{Prefix}{Environment.ProcessId}-*");
}
