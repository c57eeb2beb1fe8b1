namespace ActorInference.Actors.Kv;

/// <summary>
/// Layers of pages on their way from the host's memory into a device's, beside what the device computes. Thread-safe: different layers may come from
/// different threads.
/// </summary>
public interface IPageLanding
{
    /// <summary>Takes a part of a page, which is in the page some time after this has returned.</summary>
    /// <param name="page">Its number; the caller holds it until <see cref="Finish"/>.</param>
    /// <param name="offset">Where the part begins within the page: a multiple of <see cref="PageSums.RowBytes"/>.</param>
    /// <param name="source">May change when this has returned.</param>
    /// <param name="sums">Those of what was taken are added.</param>
    void Write(int page, int offset, ReadOnlySpan<byte> source, ref PageSums sums);

    /// <summary>All parts of a layer have been taken.</summary>
    void Close(int layer);

    /// <summary>Has what the device is given to compute from now on wait for a closed layer; the caller does not.</summary>
    void Await(int layer);

    /// <summary>Returns when all that was taken is in the pages. To be called once, after the last <see cref="Close"/>.</summary>
    void Finish();
}
