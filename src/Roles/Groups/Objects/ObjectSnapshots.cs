using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>States of sets, adapters and warm-ups in their journaled form, which only gains fields.</summary>
public static class ObjectSnapshots
{
    public interface IObjectSnapshot : IGroupMessage
    {
        Declaration Declared { get; }
    }

    /// <summary>What every kind has.</summary>
    public sealed record Declaration(string Yaml, string Owner, DateTimeOffset CreatedAt, bool IsDeleting)
    {
        public static Declaration Of(DeclaredObject declared) => new(declared.Yaml, declared.Owner, declared.CreatedAt, declared.IsDeleting);

        public DeclaredObject ToObject() => new(Yaml, Owner, CreatedAt, IsDeleting);
    }

    public sealed record Set(Declaration Declared, ImmutableArray<Child> Children) : IObjectSnapshot;

    /// <summary>A group of a set.</summary>
    /// <param name="Template">As in <see cref="ObjectEvents.ChildDeclared"/>.</param>
    public sealed record Child(int Index, string Template);

    public sealed record Adapter(Declaration Declared, int? Replicas, string Reason) : IObjectSnapshot;

    public sealed record Warmup(Declaration Declared, DateTimeOffset? StartedAt, ImmutableArray<Host> Hosts, ObjectEvents.WarmupEnded? Ended) : IObjectSnapshot
    {
        public static Warmup Of(Declaration declared, WarmupState state) =>
            new(declared, state.StartedAt, [.. state.Hosts.Select(host => new Host(host.Key, host.Value.IsSuccess, host.Value.Failures, host.Value.Message))], state.Ended);

        public WarmupState ToState() => new(StartedAt, Hosts.ToImmutableSortedDictionary(host => host.Node, host => new WarmedHost(host.IsSuccess, host.Failures, host.Message), StringComparer.Ordinal), Ended);
    }

    /// <summary>What a host has done of a warm-up.</summary>
    public sealed record Host(string Node, bool IsSuccess, int Failures, string Message);
}
