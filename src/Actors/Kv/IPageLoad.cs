namespace ActorInference.Actors.Kv;

/// <summary>
/// Pages on their way from the second tier into a pool, layer by layer, as a model needs them. Whether their bytes are right is known
/// only when all have come: what was computed with them before counts if they are.
/// </summary>
public interface IPageLoad
{
    /// <summary>Pages that are on their way: the first ones of those asked for.</summary>
    int Pages { get; }

    /// <summary>Those of them that had come from the storage tier for this request.</summary>
    int StoragePages { get; }

    /// <summary>
    /// Returns when the keys and values of a layer are in all pages; where these are a device's, when what the device is given to compute from now on
    /// finds them there. Waits for no other thread to begin.
    /// </summary>
    /// <param name="layer">From 0.</param>
    void Await(int layer);

    /// <summary>Waits for all layers, checks the pages and lets their sources go. To be called once, before the pages are released.</summary>
    /// <param name="elapsed">From the beginning of the load to its last byte.</param>
    /// <returns>How many of the first pages are right; the first that is not is forgotten by the tier. None if the device that they are on has failed.</returns>
    int End(out TimeSpan elapsed);
}
