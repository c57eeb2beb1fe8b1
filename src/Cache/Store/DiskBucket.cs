using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>One file of pages and its index. The caller of all but <see cref="Read"/> excludes others.</summary>
/// <param name="number">Grows with time.</param>
internal sealed partial class DiskBucket(string folder, long number, long bytes, SafeFileHandle file) : IDisposable
{
    public const string PagesExtension = ".pages";
    public const string IndexExtension = ".index";

    /// <summary>Pages that go into one system call.</summary>
    private const int GatherPages = 256;

    private const int WillNeed = 3;

    /// <summary>A range of which the system has more than this is read from its cache.</summary>
    private const double MostlyCached = 0.5;

    public long Number => number;

    /// <summary>Of the file, with pages that were given up since.</summary>
    public long Bytes => bytes;

    public string PagesPath { get; } = PathOf(folder, number, PagesExtension);

    public string IndexPath { get; } = PathOf(folder, number, IndexExtension);

    public Dictionary<TenantKey, IndexedPage> Pages { get; } = [];

    /// <summary>Its index has pages that were given up.</summary>
    public bool IsDirty { get; set; }

    /// <summary>When it was read last, in ms.</summary>
    public long ReadMs { get; set; }

    public static string PathOf(string folder, long number, string extension) => Path.Combine(folder, $"bucket-{number:D10}{extension}");

    /// <summary>Writes pages, then their index: a file without one is that of a process that died meanwhile.</summary>
    /// <exception cref="IOException">The disk is full or broken; nothing stays.</exception>
    public static DiskBucket Write(string folder, long number, IReadOnlyList<(StoredPage Page, ReadOnlyMemory<byte> Bytes)> pages)
    {
        var path = PathOf(folder, number, PagesExtension);
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            var indexed = new List<IndexedPage>(pages.Count);
            var offset = 0L;
            for (var first = 0; first < pages.Count; first += GatherPages)
            {
                var part = pages.Skip(first).Take(GatherPages).ToList();
                RandomAccess.Write(file, [.. part.Select(page => page.Bytes)], offset);
                foreach (var (page, content) in part)
                {
                    indexed.Add(new IndexedPage(page, offset));
                    offset += content.Length;
                }
            }

            RandomAccess.FlushToDisk(file);
            var bucket = new DiskBucket(folder, number, offset, file);
            foreach (var page in indexed) bucket.Pages[page.Page.TenantKey] = page;
            bucket.WriteIndex();
            return bucket;
        }
        catch
        {
            file?.Dispose();
            File.Delete(path);
            File.Delete(PathOf(folder, number, IndexExtension));
            throw;
        }
    }

    /// <summary>Opens what an earlier process wrote.</summary>
    /// <param name="damaged">Pages of it that are lost.</param>
    /// <returns>Null if it has nothing that can be used; its files are deleted then.</returns>
    public static DiskBucket? Open(string folder, long number, out int damaged)
    {
        damaged = 0;
        var (pagesPath, indexPath) = (PathOf(folder, number, PagesExtension), PathOf(folder, number, IndexExtension));
        var index = File.Exists(pagesPath) && File.Exists(indexPath) ? BucketIndex.Read(File.ReadAllBytes(indexPath), out _, out damaged) : null;
        if (index is null)
        {
            if (File.Exists(indexPath)) damaged = Math.Max(damaged, 1);
            File.Delete(pagesPath);
            File.Delete(indexPath);
            return null;
        }

        var file = File.OpenHandle(pagesPath, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        var bucket = new DiskBucket(folder, number, RandomAccess.GetLength(file), file);
        foreach (var page in index)
        {
            if (page.Offset >= 0 && page.Page.SizeBytes > 0 && page.Offset + page.Page.SizeBytes <= bucket.Bytes) bucket.Pages[page.Page.TenantKey] = page;
            else damaged++;   // The file ends before it.
        }

        bucket.IsDirty = damaged > 0;
        return bucket;
    }

    /// <exception cref="IOException">The old index stays.</exception>
    public void WriteIndex()
    {
        var next = IndexPath + ".next";
        using (var index = File.OpenHandle(next, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(index, BucketIndex.Write(Pages.Values, (ulong)number), 0);
            RandomAccess.FlushToDisk(index);
        }

        File.Move(next, IndexPath, overwrite: true);
        IsDirty = false;
    }

    /// <summary>Lets the system begin to read what will be read soon.</summary>
    public void ReadAhead(long offset, long length)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = AdviseFile(file, offset, length, WillNeed);   // Advice only.
        }
        catch (ObjectDisposedException)
        {
            // Deleted meanwhile: who reads it will see that.
        }
    }

    /// <summary>Reads much at once that nobody will read again soon: past the system's cache, unless it has it already.</summary>
    /// <inheritdoc cref="Read"/>
    public bool ReadPast(long offset, IReadOnlyList<Memory<byte>> targets)
    {
        try
        {
            var length = targets.Sum(static target => (long)target.Length);
            if (CachedFile.Share(file, offset, length) < MostlyCached)
            {
                if (DirectRead.TryRead(PagesPath, offset, targets)) return true;
                ReadAhead(offset, length);
            }
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return Read(offset, targets);
    }

    /// <summary>Reads successive pages of the file.</summary>
    /// <returns>False if it ends before them, or was deleted meanwhile.</returns>
    /// <exception cref="IOException">The disk is broken.</exception>
    public bool Read(long offset, IReadOnlyList<Memory<byte>> targets)
    {
        try
        {
            if (targets.Count == 1) return ReadAll(offset, targets[0]);
            var wanted = targets.Sum(target => (long)target.Length);
            if (RandomAccess.Read(file, targets, offset) == wanted) return true;
            // A system call may bring less than was asked for.
            foreach (var target in targets)
            {
                if (!ReadAll(offset, target)) return false;
                offset += target.Length;
            }

            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public void Delete()
    {
        // The index first: pages without one are nobody's.
        File.Delete(IndexPath);
        File.Delete(PagesPath);
        file.Dispose();
    }

    public void Dispose() => file.Dispose();

    private bool ReadAll(long offset, Memory<byte> target)
    {
        while (target.Length > 0)
        {
            var read = RandomAccess.Read(file, target.Span, offset);
            if (read == 0) return false;
            offset += read;
            target = target[read..];
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int AdviseFile(SafeFileHandle file, long offset, long length, int advice);
}
