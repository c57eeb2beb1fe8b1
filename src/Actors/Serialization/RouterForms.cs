using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Google.Protobuf.Collections;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of what is said to and by a router.</summary>
internal static class RouterForms
{
    public static IEnumerable<WireForm> All { get; } =
    [
        new WireForm<RouterProtocol.WorkerReport, Wire.WorkerReport>("rr", Wire.WorkerReport.Parser, Write, Read),
        new WireForm<RouterProtocol.Assign, Wire.Assign>("ra", Wire.Assign.Parser, Write, Read),
        new WireForm<RouterProtocol.Assigned, Wire.Assigned>("rd", Wire.Assigned.Parser, Write, Read),
        new WireForm<RouterProtocol.Overloaded, Wire.Overloaded>("ro", Wire.Overloaded.Parser, Write, Read),
        new WireForm<RouterProtocol.Release, Wire.Release>("rl", Wire.Release.Parser, Write, Read),
        new WireForm<RouterProtocol.AwaitServing, Wire.AwaitServing>(
            "rw", Wire.AwaitServing.Parser, static _ => new Wire.AwaitServing(), static (_, _) => RouterProtocol.AwaitServing.Instance),
        new WireForm<RouterProtocol.Serving, Wire.Serving>(
            "rs", Wire.Serving.Parser, static _ => new Wire.Serving(), static (_, _) => RouterProtocol.Serving.Instance),
        new WireForm<RouterProtocol.GetWorkers, Wire.GetWorkers>(
            "rg", Wire.GetWorkers.Parser, static _ => new Wire.GetWorkers(), static (_, _) => RouterProtocol.GetWorkers.Instance),
        new WireForm<RouterProtocol.Workers, Wire.Workers>("rk", Wire.Workers.Parser, Write, Read),
        new WireForm<RouterProtocol.GetPrefixes, Wire.GetPrefixes>("rp", Wire.GetPrefixes.Parser, Write, Read),
        new WireForm<RouterProtocol.Prefixes, Wire.Prefixes>("rx", Wire.Prefixes.Parser, Write, Read),
    ];

    private static Wire.WorkerReport Write(RouterProtocol.WorkerReport report)
    {
        var wire = new Wire.WorkerReport
        {
            Worker = IdForms.Write(report.Worker),
            Role = IdForms.Write(report.Role),
            ServesBoth = report.Role == WorkerRole.Both,
            Actor = ActorReferences.Write(report.Actor, "actor"),
            Jobs = report.Jobs,
            PendingTokens = report.PendingTokens,
            Protocol = report.Protocol,
            Draining = report.Draining,
            CapacityPages = report.CapacityPages,
            UsedPages = report.UsedPages,
            CachedPages = report.CachedPages,
            HeldPages = report.HeldPages,
        };
        if (report.Format is { } format) wire.Format = KvTransferForms.Write(format);
        if (report.Prefixes is { } mark) wire.Prefixes = new Wire.PrefixMark { Epoch = mark.Epoch, Version = mark.Version, BlockTokens = mark.BlockTokens };
        return wire;
    }

    private static RouterProtocol.WorkerReport Read(Wire.WorkerReport wire, ActorReferences references) => new(
        new WorkerId(wire.Worker),
        IdForms.Read(wire.Role, wire.ServesBoth),
        references.Read(wire.Actor, "actor"),
        wire.Jobs,
        wire.PendingTokens,
        wire.Format is { } format ? KvTransferForms.Read(format) : null)
    {
        Protocol = wire.Protocol,
        Draining = wire.Draining,
        CapacityPages = wire.CapacityPages,
        UsedPages = wire.UsedPages,
        CachedPages = wire.CachedPages,
        HeldPages = wire.HeldPages,
        Prefixes = wire.Prefixes is { } mark ? new RouterProtocol.PrefixMark(mark.Epoch, mark.Version, mark.BlockTokens) : null,
    };

    private static Wire.GetPrefixes Write(RouterProtocol.GetPrefixes ask) => new() { Epoch = ask.Epoch, Since = ask.Since, AsOf = ask.AsOf };

    private static RouterProtocol.GetPrefixes Read(Wire.GetPrefixes wire, ActorReferences references) => new(wire.Epoch, wire.Since, wire.AsOf);

    private static Wire.Prefixes Write(RouterProtocol.Prefixes prefixes)
    {
        var wire = new Wire.Prefixes
        {
            Worker = IdForms.Write(prefixes.Worker),
            Epoch = prefixes.Epoch,
            Since = prefixes.Since,
            Version = prefixes.Version,
            Latest = prefixes.Latest,
            IsAnew = prefixes.IsAnew,
        };
        Write(wire.Added, prefixes.Added);
        Write(wire.Removed, prefixes.Removed);
        return wire;
    }

    private static RouterProtocol.Prefixes Read(Wire.Prefixes wire, ActorReferences references) =>
        new(new WorkerId(wire.Worker), wire.Epoch, wire.Since, wire.Version, wire.Latest, wire.IsAnew, Read(wire.Added), Read(wire.Removed));

    private static Wire.Assign Write(RouterProtocol.Assign assign)
    {
        var wire = new Wire.Assign { Attempt = IdForms.Write(assign.Attempt), Tokens = assign.Tokens };
        foreach (var worker in assign.Avoid) wire.Avoid.Add(IdForms.Write(worker));
        foreach (var worker in assign.Exclude) wire.Exclude.Add(IdForms.Write(worker));
        Write(wire.Blocks, assign.Blocks);
        return wire;
    }

    private static RouterProtocol.Assign Read(Wire.Assign wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), wire.Tokens, Workers(wire.Avoid), Workers(wire.Exclude)) { Blocks = Read(wire.Blocks) };

    private static void Write(RepeatedField<ulong> wire, ImmutableArray<ulong> blocks)
    {
        if (!blocks.IsDefault) wire.AddRange(blocks);
    }

    private static ImmutableArray<ulong> Read(RepeatedField<ulong> wire) => wire.Count == 0 ? [] : [.. wire];

    private static ImmutableHashSet<WorkerId> Workers(RepeatedField<string> names) => [.. names.Select(name => new WorkerId(name))];

    private static Wire.Assigned Write(RouterProtocol.Assigned assigned) => new()
    {
        Attempt = IdForms.Write(assigned.Attempt),
        Prefill = Write(assigned.Prefill, "prefill.actor"),
        Decode = Write(assigned.Decode, "decode.actor"),
    };

    private static RouterProtocol.Assigned Read(Wire.Assigned wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), Read(wire.Prefill, references, "prefill"), Read(wire.Decode, references, "decode"));

    private static Wire.AssignedWorker Write(RouterProtocol.AssignedWorker worker, string field) =>
        new() { Worker = IdForms.Write(worker.Worker), Actor = ActorReferences.Write(worker.Actor, field), Protocol = worker.Protocol };

    private static RouterProtocol.AssignedWorker Read(Wire.AssignedWorker? worker, ActorReferences references, string field)
    {
        var wire = Fields.Required(worker, field);
        return new RouterProtocol.AssignedWorker(new WorkerId(wire.Worker), references.Read(wire.Actor, $"{field}.actor")) { Protocol = wire.Protocol };
    }

    private static Wire.Overloaded Write(RouterProtocol.Overloaded overloaded) =>
        new() { Attempt = IdForms.Write(overloaded.Attempt), Message = overloaded.Message };

    private static RouterProtocol.Overloaded Read(Wire.Overloaded wire, ActorReferences references) =>
        new(IdForms.Read(wire.Attempt), wire.Message);

    private static Wire.Release Write(RouterProtocol.Release release)
    {
        var wire = new Wire.Release { Attempt = IdForms.Write(release.Attempt) };
        Write(wire.Held, release.Held);
        return wire;
    }

    private static RouterProtocol.Release Read(Wire.Release wire, ActorReferences references) => new(IdForms.Read(wire.Attempt)) { Held = Read(wire.Held) };

    private static Wire.Workers Write(RouterProtocol.Workers workers)
    {
        var wire = new Wire.Workers
        {
            InFlight = workers.InFlight,
            PromptTokens = workers.PromptTokens,
            PrefixTokens = workers.PrefixTokens,
            PrefixBlocks = workers.PrefixBlocks,
        };
        if (workers.Reports.IsDefaultOrEmpty) return wire;
        foreach (var report in workers.Reports) wire.Reports.Add(Write(report));
        return wire;
    }

    private static RouterProtocol.Workers Read(Wire.Workers wire, ActorReferences references)
    {
        var reports = ImmutableArray.CreateBuilder<RouterProtocol.WorkerReport>(wire.Reports.Count);
        foreach (var report in wire.Reports) reports.Add(Read(report, references));
        return new RouterProtocol.Workers(reports.MoveToImmutable(), wire.InFlight)
        {
            PromptTokens = wire.PromptTokens,
            PrefixTokens = wire.PrefixTokens,
            PrefixBlocks = wire.PrefixBlocks,
        };
    }
}
