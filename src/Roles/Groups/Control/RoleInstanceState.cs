using System.Collections.Immutable;
using System.Diagnostics;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a role instance is, was and is to be.</summary>
/// <param name="Order">What it is to be; null if it has no order.</param>
/// <param name="Former">What it was before: its processes may still run. Null if it was nothing.</param>
/// <param name="IsBegun">Whether the processes of <paramref name="Order"/> may be begun.</param>
/// <param name="IsDone">Whether it has once been all that it was ordered to be.</param>
/// <param name="Restarts">How often all its processes were begun again for its own sake.</param>
public sealed record RoleInstanceState(InstanceOrder? Order, InstanceOrder? Former, bool IsBegun, bool IsDone, bool IsRemoved, int Restarts, DateTimeOffset CreatedAt, DateTimeOffset OrderedAt)
{
    /// <summary>Failures in a row for which all its processes were begun again.</summary>
    public int Failures { get; init; }

    /// <summary>When the last of them was; null if there was none.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>The last failure of another instance for which it was begun again.</summary>
    public DateTimeOffset? LinkedTo { get; init; }

    public static readonly RoleInstanceState Empty = new(null, null, IsBegun: false, IsDone: false, IsRemoved: false, 0, default, default);

    /// <summary>Whether its processes of before have to go, all they have included, before others come.</summary>
    public bool MustClear => IsBegun && !IsDone && Order is { IsRecreated: true } && Former is not null;

    public RoleInstanceState Apply(RoleInstanceEvents.IRoleInstanceEvent @event) => @event switch
    {
        RoleInstanceEvents.OrderTaken e => this with
        {
            Order = e.Order,
            // An update that overtakes another one still has the first one's processes before it.
            Former = Kept(IsDone ? Order : Former ?? (IsBegun ? Order : null), e.Order),
            IsBegun = Order is null,
            IsDone = false,
            IsRemoved = false,
            CreatedAt = Order is null ? e.At : CreatedAt,
            OrderedAt = e.At,
        },
        RoleInstanceEvents.OrderReaddressed e => this with { Order = e.Order, Former = Former is null ? null : Readdressed(Former, e.Order) },
        RoleInstanceEvents.OrderMoved e => Moved(e.Order),
        RoleInstanceEvents.UpdateBegun => this with { IsBegun = true },
        RoleInstanceEvents.FormerCleared => this with { Former = null },
        RoleInstanceEvents.OrderDone => this with { IsDone = true, Former = null },
        RoleInstanceEvents.RestartedWhole e => this with
        {
            Restarts = e.Generation,
            Failures = e.Failures ?? Failures,
            FailedAt = e.Failures is null ? FailedAt : e.At,
            LinkedTo = e.LinkedTo ?? LinkedTo,
        },
        RoleInstanceEvents.RemovalBegun => this with { IsRemoved = true },
        RoleInstanceEvents.RemovalDone => Empty,
        _ => throw new UnreachableException($"{nameof(RoleInstanceState)} cannot apply {@event.GetType().Name}."),
    };

    /// <summary>The processes as agents are to run them now.</summary>
    public ImmutableArray<MemberOrder> Wanted()
    {
        if (Order is null || IsRemoved || MustClear) return [];
        var order = IsBegun ? Order : Former ?? Order;
        return Restarts == 0 ? order.Members : [.. order.Members.Select(Restarted)];
    }

    /// <summary>Processes that run somewhere and are not wanted: of an order before, or on another host.</summary>
    public ImmutableArray<MemberOrder> Unwanted()
    {
        var all = (Order?.Members ?? []).Concat(Former?.Members ?? []);
        if (IsRemoved || MustClear) return [.. all.DistinctBy(member => (member.Launch.Instance, member.Node))];
        if (!IsBegun || Former is null) return [];
        var wanted = Wanted().Select(member => (member.Launch.Instance, member.Node)).ToHashSet();
        return [.. Former.Members.Where(member => !wanted.Contains((member.Launch.Instance, member.Node)))];
    }

    /// <summary>What a lost host had is not waited for. Those of its processes that stay begin again: the others have other addresses.</summary>
    private RoleInstanceState Moved(InstanceOrder order)
    {
        var stays = order.Members.Any(member => Order!.Members.Any(old => old.Launch.Instance == member.Launch.Instance && old.Node == member.Node));
        return this with
        {
            Order = order,
            Former = Kept(Former, order),
            IsBegun = true,
            IsDone = false,
            Restarts = stays ? Restarts + 1 : Restarts,
        };
    }

    /// <summary>What there was before an order, on its hosts: from others it has been moved away, and nobody waits for those.</summary>
    private static InstanceOrder? Kept(InstanceOrder? former, InstanceOrder order)
    {
        if (former is null) return null;
        var nodes = order.Members.Select(member => member.Node).ToHashSet();
        ImmutableArray<MemberOrder> members = [.. former.Members.Where(member => nodes.Contains(member.Node))];
        return members.IsEmpty ? null : members.Length == former.Members.Length ? former : former with { Members = members };
    }

    private static InstanceOrder Readdressed(InstanceOrder former, InstanceOrder order) => former with
    {
        Members = [.. former.Members.Select(member => order.Members.FirstOrDefault(each => each.Node == member.Node) is { } there ? member with { AgentPath = there.AgentPath } : member)],
    };

    private MemberOrder Restarted(MemberOrder member) =>
        member with { Launch = member.Launch with { Revision = $"{member.Launch.Revision}#{Restarts}", InitRevision = $"{member.Launch.InitRevision}#{Restarts}" } };
}
