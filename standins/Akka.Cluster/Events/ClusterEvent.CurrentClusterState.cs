using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster;

public partial class ClusterEvent
{
    /// <summary>The cluster as this node sees it now.</summary>
    public sealed class CurrentClusterState : INoSerializationVerificationNeeded
    {
        private readonly ImmutableDictionary<string, Address> _roleLeaders;

        public CurrentClusterState()
            : this([], [], [], null, ImmutableDictionary<string, Address>.Empty)
        {
        }

        public CurrentClusterState(
            ImmutableSortedSet<Member> members,
            ImmutableHashSet<Member> unreachable,
            ImmutableHashSet<Address> seenBy,
            Address leader,
            ImmutableDictionary<string, Address> roleLeaderMap)
        {
            Members = members;
            Unreachable = unreachable;
            SeenBy = seenBy;
            Leader = leader;
            _roleLeaders = roleLeaderMap;
        }

        public ImmutableSortedSet<Member> Members { get; }

        /// <summary>Members that some node cannot reach.</summary>
        public ImmutableHashSet<Member> Unreachable { get; }

        public ImmutableHashSet<Address> SeenBy { get; }

        /// <summary>Null if there is none.</summary>
        public Address Leader { get; }

        public ImmutableHashSet<string> AllRoles => [.. Members.SelectMany(member => member.Roles)];

        /// <summary>Whether an upgrade is under way: members of different versions that are not about to go.</summary>
        public bool HasMoreThanOneAppVersion => Members
            .Where(member => member.Status is not (MemberStatus.Exiting or MemberStatus.Down or MemberStatus.Removed))
            .Select(member => member.AppVersion).Distinct().Take(2).Count() > 1;

        /// <summary>Null if there is none.</summary>
        public Address RoleLeader(string role) => _roleLeaders.GetValueOrDefault(role);

        /// <summary>The snapshot that follows from a state.</summary>
        internal static CurrentClusterState Of(MembershipState state)
        {
            var roles = state.Members.SelectMany(member => member.Roles).Distinct();
            return new CurrentClusterState(
                [.. state.Members],
                [.. state.UnreachableMembers],
                [.. state.Gossip.SeenBy.Select(node => node.Address)],
                state.Leader?.Address,
                roles.ToImmutableDictionary(role => role, role => state.RoleLeader(role)?.Address));
        }

        /// <summary>The snapshot after an event.</summary>
        internal CurrentClusterState Apply(IClusterDomainEvent @event) => @event switch
        {
            MemberRemoved removed => With(Members.Remove(removed.Member), Unreachable.Remove(removed.Member)),
            IMemberEvent changed => With(
                Members.Remove(changed.Member).Add(changed.Member),
                Unreachable.Contains(changed.Member) ? Unreachable.Remove(changed.Member).Add(changed.Member) : Unreachable),
            UnreachableMember unreachable => With(Members, Unreachable.Remove(unreachable.Member).Add(unreachable.Member)),
            ReachableMember reachable => With(Members, Unreachable.Remove(reachable.Member)),
            LeaderChanged changed => new CurrentClusterState(Members, Unreachable, SeenBy, changed.Leader, _roleLeaders),
            RoleLeaderChanged changed => new CurrentClusterState(Members, Unreachable, SeenBy, Leader, changed.Leader is null
                ? _roleLeaders.Remove(changed.Role)
                : _roleLeaders.SetItem(changed.Role, changed.Leader)),
            _ => this,
        };

        private CurrentClusterState With(ImmutableSortedSet<Member> members, ImmutableHashSet<Member> unreachable) =>
            new(members, unreachable, SeenBy, Leader, _roleLeaders);
    }
}
