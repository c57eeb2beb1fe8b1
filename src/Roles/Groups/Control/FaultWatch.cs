using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a coordinator does when processes end unasked: pure, from what an instance says of them and what is known.</summary>
/// <param name="group">Name of the group.</param>
/// <param name="declaration">Of the group, with its policy.</param>
/// <param name="state">Before.</param>
public sealed class FaultWatch(string group, Declaration declaration, RolloutState state)
{
    /// <summary>Of a failure that nobody heard of for longer the evidence is kept, and nothing is done.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    private const int TailChars = 4096;

    /// <summary>To be journaled, after <see cref="Restarts"/> are told.</summary>
    public List<RolloutEvents.IRolloutEvent> Events { get; } = [];

    public List<RoleInstanceProtocol.Restart> Restarts { get; } = [];

    public List<GroupNote> Notes { get; } = [];

    /// <param name="wasReady">Whether the instance was ready before: one that never becomes so is mended alone.</param>
    /// <param name="instances">Of the group, as the planner sees them.</param>
    public void Take(RoleInstanceProtocol.Observed observed, bool wasReady, Func<ImmutableArray<ObservedInstance>> instances, DateTimeOffset now)
    {
        foreach (var member in observed.Members)
        {
            if (member.LastEnd is not { } end || state.Faults.GetValueOrDefault(member.Instance)?.End.At == end.At) continue;
            var kept = end.LogTail.Length > TailChars ? end with { LogTail = end.LogTail[^TailChars..] } : end;
            Events.Add(new RolloutEvents.FaultSeen(observed.Role, observed.Ordinal, member.Instance, kept));
            if (wasReady && end.Reason != EndReason.StartFailed && now - end.At < Memory) React(observed, end, instances(), now);
        }
    }

    /// <summary>Whether others are to leave an instance alone: it has failed, they are to pair with others, and it is not back.</summary>
    public bool IsLeftOut(InstanceKey key, bool isReady) =>
        !isReady && Rules().Any(fault => fault.When == key.Role && fault.Action == FaultAction.RePair) && state.Faults.Values.Any(fault => fault.Role == key.Role && fault.Ordinal == key.Ordinal);

    private void React(RoleInstanceProtocol.Observed observed, Evidence end, ImmutableArray<ObservedInstance> instances, DateTimeOffset now)
    {
        var key = new InstanceKey(observed.Role, observed.Ordinal);
        var failed = SpecNames.Instance(group, key.Role, key.Ordinal);
        foreach (var response in FaultReactions.Decide(declaration.ToInput(instances, now), new ProcessFailure(key, "", 0), restarts: 0))
        {
            switch (response)
            {
                case RecreateInstance linked when linked.Instance != key:
                    Restarts.Add(new RoleInstanceProtocol.Restart(InstanceOrder.IdOf(group, linked.Instance.Role, linked.Instance.Ordinal), $"{failed} ended with {end}") { LinkedTo = end.At });
                    Note("RestartingLinked", SpecNames.Instance(group, linked.Instance.Role, linked.Instance.Ordinal), failed, end, now);
                    break;
                case RecreateGroup when !state.IsRecreating && !Events.OfType<RolloutEvents.RecreationBegun>().Any():
                    Recreate(key.Role, failed, end, now);
                    break;
                case RePair pair:
                    Note("RePairing", $"{group}/{pair.Role}", failed, end, now);
                    break;
                default:
                    break;   // The instance mends itself.
            }
        }
    }

    private void Recreate(string role, string failed, Evidence end, DateTimeOffset now)
    {
        var policy = declaration.Desired.FindRole(role)!.Restart;
        var count = RestartBackOff.Count(state.Recreation?.Count ?? 0, now - state.Recreation?.At, policy.MaxDelay);
        Events.Add(new RolloutEvents.RecreationBegun($"{failed} ended with {end}", count, now, now + RestartBackOff.Delay(count - 1, policy)));
        Note("RecreatingGroup", group, failed, end, now);
    }

    private void Note(string reason, string subject, string failed, Evidence end, DateTimeOffset now) => Notes.Add(new GroupNote(now, IsWarning: true, reason, subject, $"since {failed} ended with {end}"));

    private IEnumerable<FaultReaction> Rules() => (declaration.Policy?.Rules ?? []).SelectMany(rule => rule.Faults);
}
