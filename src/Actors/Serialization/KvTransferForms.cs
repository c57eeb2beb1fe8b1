using System.Collections.Immutable;
using System.Runtime.Serialization;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what GPU workers tell each other of KV pages.</summary>
internal static class KvTransferForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<KvTransferProtocol.KvPages, Wire.KvPages>("kp", Wire.KvPages.Parser, Write, static (wire, _) => Read(wire)),
        new WireForm<KvTransferProtocol.PagesLanded, Wire.PagesLanded>(
            "kl",
            Wire.PagesLanded.Parser,
            static landed => new Wire.PagesLanded { Transfer = landed.Transfer },
            static (wire, _) => new KvTransferProtocol.PagesLanded(wire.Transfer)),
        new WireForm<KvTransferProtocol.PagesRefused, Wire.PagesRefused>(
            "kr",
            Wire.PagesRefused.Parser,
            static refused => new Wire.PagesRefused { Transfer = refused.Transfer },
            static (wire, _) => new KvTransferProtocol.PagesRefused(wire.Transfer)),
    ];

    private static Wire.KvPages Write(KvTransferProtocol.KvPages pages)
    {
        var wire = new Wire.KvPages
        {
            Attempt = IdForms.Write(pages.Attempt),
            Transfer = pages.Transfer,
            Pool = IdForms.Write(pages.Pool.Value),
            FirstPage = pages.FirstPage,
        };
        if (pages.NextToken is { } next) wire.NextToken = next;
        if (pages.Remote is { } remote) wire.Remote = Write(remote);
        if (pages.Pages.IsDefaultOrEmpty) return wire;
        foreach (var page in pages.Pages)
        {
            wire.Pages.Add(page.Page);
            wire.Generations.Add(page.Generation);
        }

        return wire;
    }

    private static KvTransferProtocol.KvPages Read(Wire.KvPages wire)
    {
        Fields.CheckSameLength(wire.Pages.Count, "pages", wire.Generations.Count, "generations");
        var pages = ImmutableArray.CreateBuilder<KvPageReference>(wire.Pages.Count);
        for (var i = 0; i < wire.Pages.Count; i++) pages.Add(new KvPageReference(wire.Pages[i], wire.Generations[i]));
        return new KvTransferProtocol.KvPages(
            IdForms.Read(wire.Attempt),
            wire.Transfer,
            new KvPoolId(IdForms.Read(Fields.Required(wire.Pool, "pool"))),
            wire.FirstPage,
            pages.MoveToImmutable(),
            wire.HasNextToken ? wire.NextToken : null,
            wire.Remote is { } remote ? Read(remote, wire.Pages.Count) : null);
    }

    public static Wire.PageSource Write(KvPageSource source)
    {
        var wire = new Wire.PageSource
        {
            Layout = Write(source.Layout),
            CapacityPages = source.CapacityPages,
            Host = source.Host,
            Port = source.Port,
        };
        if (source.SharedPath is { } path) wire.SharedPath = path;
        if (source.Protocol != KvTransferFormat.UnnamedProtocol) wire.Protocol = source.Protocol;
        return wire;
    }

    /// <param name="field">Its name, for the error.</param>
    public static KvPageSource ReadSource(Wire.PageSource wire, string field) =>
        new(Read(wire.Layout, $"{field}.layout"), wire.CapacityPages, wire.HasSharedPath ? wire.SharedPath : null, wire.Host, wire.Port)
        {
            Protocol = wire.HasProtocol ? wire.Protocol : KvTransferFormat.UnnamedProtocol,
        };

    private static Wire.RemotePages Write(KvTransferProtocol.RemotePages remote)
    {
        var wire = new Wire.RemotePages { Source = Write(remote.Source) };
        Fields.Add(wire.Checksums, remote.Checksums);
        return wire;
    }

    private static KvTransferProtocol.RemotePages Read(Wire.RemotePages wire, int pages)
    {
        // Without one of its own, a page could not be told from a broken one.
        Fields.CheckSameLength(pages, "pages", wire.Checksums.Count, "remote.checksums");
        return new KvTransferProtocol.RemotePages(ReadSource(Fields.Required(wire.Source, "remote.source"), "remote.source"), Fields.Array(wire.Checksums));
    }

    internal static Wire.TransferFormat Write(KvTransferFormat format) => new() { Protocol = format.Protocol, Layout = Write(format.Layout) };

    internal static KvTransferFormat Read(Wire.TransferFormat format) => new(format.Protocol, Read(format.Layout, "format.layout"));

    private static Wire.PageLayout Write(KvPageLayout layout) => new()
    {
        Layers = layout.Layers,
        PageSizeTokens = layout.PageSizeTokens,
        KvHeads = layout.KvHeads,
        HeadDim = layout.HeadDim,
        Dtype = (byte)layout.Dtype,
    };

    private static KvPageLayout Read(Wire.PageLayout? layout, string field)
    {
        var wire = Fields.Required(layout, field);
        if (!wire.HasDtype) throw new SerializationException($"{field}.dtype is missing.");
        var dtype = (KvDtype)wire.Dtype;
        if (wire.Dtype > byte.MaxValue || !Enum.IsDefined(dtype))
            throw new SerializationException($"{field}.dtype is {wire.Dtype}; it must be one of {string.Join(", ", Enum.GetNames<KvDtype>())} (from 0).");
        return new KvPageLayout(wire.Layers, wire.PageSizeTokens, wire.KvHeads, wire.HeadDim, dtype);
    }
}
