using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Files of pages: Mooncake's conformance case 23, torn and rotten files, quota.</summary>
public sealed class StoreDiskTests : IDisposable
{
    private const int PageBytes = 4_096;

    private readonly string _folder = Directory.CreateTempSubdirectory("store-disk-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_written_is_read_after_a_restart()
    {
        using (var disk = Open())
        {
            Assert.Equal(10, disk.Write(Pages(0, 10), []).Count);
            Assert.Empty(disk.Write(Pages(0, 10), []));
        }

        using var again = Open();

        Assert.Equal(10, again.PageCount);
        for (var i = 0; i < 10; i++) AssertReads(again, i);
        Assert.Equal(0, again.CorruptPages);
    }

    [Fact]
    public void Files_of_half_a_write_are_deleted()
    {
        using (var disk = Open()) disk.Write(Pages(0, 4), []);
        File.WriteAllBytes(Path.Combine(_folder, "bucket-0000000007.pages"), new byte[PageBytes]);    // Died before the index.
        File.WriteAllBytes(Path.Combine(_folder, "bucket-0000000008.index"), new byte[20]);           // The pages were deleted.
        File.WriteAllBytes(Path.Combine(_folder, "bucket-0000000009.index.next"), new byte[20]);      // Died while it was written.

        using var again = Open();

        Assert.Equal(4, again.PageCount);
        Assert.Equal(["bucket-0000000001.index", "bucket-0000000001.pages"], Directory.EnumerateFiles(_folder, "bucket-*").Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void A_torn_file_loses_its_last_pages_only()
    {
        using (var disk = Open())
        {
            disk.Write(Pages(0, 8), []);
            disk.Write(Pages(8, 8), []);
        }

        using (var file = File.OpenWrite(Path.Combine(_folder, "bucket-0000000001.pages"))) file.SetLength(5 * PageBytes + 100);
        using var again = Open();

        Assert.Equal(3, again.CorruptPages);
        Assert.Equal(13, again.PageCount);
        AssertReads(again, 4);
        Assert.False(again.TryRead(Key(5), new byte[PageBytes]));
        AssertReads(again, 15);
    }

    [Fact]
    public void A_torn_index_keeps_the_pages_before_the_tear()
    {
        using (var disk = Open()) disk.Write(Pages(0, 8), []);
        var index = Path.Combine(_folder, "bucket-0000000001.index");
        var bytes = File.ReadAllBytes(index);
        File.WriteAllBytes(index, bytes[..(bytes.Length / 2)]);

        using var again = Open();

        Assert.InRange(again.PageCount, 3, 4);
        for (var i = 0; i < 3; i++) AssertReads(again, i);
        Assert.True(again.CorruptPages > 0);
    }

    [Fact]
    public void Every_flipped_bit_is_noticed_and_costs_its_own_page_only()
    {
        using (var disk = Open()) disk.Write(Pages(0, 8), []);
        var random = new Random(17);
        foreach (var extension in new[] { "pages", "index" })
        {
            for (var round = 0; round < 60; round++)
            {
                var path = Path.Combine(_folder, $"bucket-0000000001.{extension}");
                var whole = File.ReadAllBytes(path);
                var flipped = (byte[])whole.Clone();
                flipped[random.Next(16, flipped.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, flipped);
                using (var again = Open())
                {
                    var target = new byte[PageBytes];
                    var right = Enumerable.Range(0, 8).Count(i => again.TryRead(Key(i), target) && target.AsSpan().SequenceEqual(Bytes(i)));
                    Assert.True(again.CorruptPages > 0, $"Round {round}: a flip in the {extension} was not noticed.");
                    if (extension == "pages") Assert.Equal(7, right);
                    Restore(path, whole, again);
                }
            }
        }

        // What was rewritten meanwhile is put back for the next round.
        void Restore(string path, byte[] whole, StoreDisk disk)
        {
            disk.Dispose();
            foreach (var file in Directory.EnumerateFiles(_folder)) File.Delete(file);
            using (var fresh = Open()) fresh.Write(Pages(0, 8), []);
            Assert.Equal(whole, File.ReadAllBytes(path));
        }
    }

    [Fact]
    public void A_page_that_was_given_up_does_not_come_back()
    {
        using (var disk = Open())
        {
            disk.Write(Pages(0, 4), []);
            Assert.True(disk.Remove(Key(2)));
            Assert.False(disk.Remove(Key(2)));
        }

        using var again = Open();

        Assert.Equal(3, again.PageCount);
        Assert.False(again.Contains(Key(2)));
    }

    [Fact]
    public void A_file_without_pages_is_deleted()
    {
        using var disk = Open();
        disk.Write(Pages(0, 4), []);
        for (var i = 0; i < 4; i++) disk.Remove(Key(i));

        Assert.Equal(0, disk.UsedBytes);
        Assert.Empty(Directory.EnumerateFiles(_folder, "bucket-*"));
    }

    [Fact]
    public void The_quota_holds_and_the_files_that_were_read_least_lately_go()
    {
        var time = new ManualTime();
        using var disk = Open(quota: 10 * PageBytes, time: time);
        var evicted = new List<TenantKey>();
        for (var i = 0; i < 10; i += 2)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            disk.Write(Pages(i, 2), evicted);
        }

        time.Advance(TimeSpan.FromSeconds(1));
        AssertReads(disk, 0);
        disk.Write(Pages(10, 2), evicted);

        Assert.Equal([Key(2), Key(3)], evicted.OrderBy(key => key.Key.Low));
        Assert.True(disk.UsedBytes <= disk.QuotaBytes);
        AssertReads(disk, 0);
        AssertReads(disk, 11);
    }

    [Fact]
    public void A_smaller_quota_is_kept_from_the_start()
    {
        using (var disk = Open())
        {
            for (var i = 0; i < 10; i++) disk.Write(Pages(i, 1), []);
        }

        using var again = Open(quota: 4 * PageBytes);

        Assert.InRange(again.UsedBytes, 1, 4 * PageBytes);
        AssertReads(again, 9);
    }

    [Fact]
    public void Large_writes_are_divided_among_files()
    {
        using var disk = new StoreDisk(new StoreDiskOptions { Path = _folder, QuotaBytes = 1 << 30, BucketBytes = 3 * PageBytes }, TimeProvider.System);

        disk.Write(Pages(0, 10), []);

        Assert.Equal(4, Directory.EnumerateFiles(_folder, "*.pages").Count());
        for (var i = 0; i < 10; i++) AssertReads(disk, i);
    }

    [Fact]
    public void A_disk_that_cannot_be_written_is_counted_and_loses_nothing_else()
    {
        using var disk = Open();
        disk.Write(Pages(0, 2), []);
        Directory.CreateDirectory(Path.Combine(_folder, "bucket-0000000002.pages"));   // In the way of the next file.

        Assert.Empty(disk.Write(Pages(2, 2), []));

        Assert.Equal(1, disk.FailedWrites);
        AssertReads(disk, 1);
    }

    private static TenantKey Key(int number) => new(Keys.Tenant, Keys.Key(number));

    private static byte[] Bytes(int number)
    {
        var bytes = new byte[PageBytes];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private static List<(StoredPage Page, ReadOnlyMemory<byte> Bytes)> Pages(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => (new StoredPage(Keys.Tenant, Keys.Page(i, PageBytes), PageChecksum.Compute(Bytes(i))), (ReadOnlyMemory<byte>)Bytes(i)))];

    private static void AssertReads(StoreDisk disk, int number)
    {
        var target = new byte[PageBytes];
        Assert.True(disk.TryRead(Key(number), target));
        Assert.Equal(Bytes(number), target);
    }

    private StoreDisk Open(long quota = 1 << 30, TimeProvider? time = null) =>
        new(new StoreDiskOptions { Path = _folder, QuotaBytes = quota }, time ?? TimeProvider.System);

    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
