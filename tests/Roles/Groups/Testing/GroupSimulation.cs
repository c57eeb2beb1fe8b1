using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Testing;

/// <summary>Agents without processes: does what a plan says, in part or whole, and lets time, failures and losses happen.</summary>
internal sealed class GroupSimulation(RoleBasedGroup desired, CoordinatedPolicy? policy, Random random)
{
    private readonly Dictionary<InstanceKey, ObservedInstance> _instances = [];

    public RoleBasedGroup Desired { get; set; } = desired;

    public RoleBasedGroup Stable { get; set; } = desired;

    public CoordinatedPolicy? Policy { get; set; } = policy;

    public DateTimeOffset Now { get; private set; } = DateTimeOffset.UnixEpoch;

    public bool Deleting { get; set; }

    public bool Paused { get; set; }

    public RolloutClock? Clock { get; set; }

    /// <summary>Instances of this revision never become ready.</summary>
    public string? Broken { get; set; }

    public IReadOnlyCollection<ObservedInstance> Instances => _instances.Values;

    public IEnumerable<ObservedInstance> Of(string role) => _instances.Values.Where(instance => instance.Role == role).OrderBy(instance => instance.Ordinal);

    public string Update(string role) => SpecRevision.Of(Desired.FindRole(role)!);

    public int Updated(string role) => Of(role).Count(instance => instance.Phase != InstancePhase.Terminating && instance.Revision == Update(role));

    /// <summary>Whether a role goes to another revision. On the way back what is new has the declared revision, whatever the skew.</summary>
    public bool IsRollout(string role) => SpecRevision.Of(Desired.FindRole(role)!) != SpecRevision.Of(Stable.FindRole(role)!);

    public int Ready(string role) => Of(role).Count(instance => instance.Ready);

    /// <summary>Ready ones, without surge of a revision that is no longer wanted, which RBG takes away whenever it likes.</summary>
    public int Serving(string role)
    {
        if (Desired.Mode == PlannerMode.Native) return Ready(role);
        var spec = Desired.FindRole(role)!;
        var (update, end) = (Update(role), spec.Replicas + spec.Rollout.MaxSurge.Number);
        var surge = Of(role).Count(instance => instance.Ready && instance.Revision == update && instance.Ordinal >= spec.Replicas && instance.Ordinal < end);
        return surge + Of(role).Count(instance => instance.Ready && instance.Ordinal < spec.Replicas);
    }

    /// <summary>In the strict mode the rollout's clock is kept, as a coordinator keeps it: its revision advances by what was written down.</summary>
    public Plan Plan()
    {
        var plan = Planner.Next(new PlanInput(Desired, Stable, [.. _instances.Values], Now) { Policy = Policy, Deleting = Deleting, Paused = Paused, Clock = Clock });
        if (Desired.Mode == PlannerMode.RbgStrict) Clock = RolloutClock.Advance(Clock, SpecRevision.Of(Desired), plan, Now);
        return plan;
    }

    /// <summary>Does the first actions of a plan: the coordinator may end after any.</summary>
    public void Do(IEnumerable<PlannedAction> actions)
    {
        foreach (var action in actions) Do(action);
    }

    private void Do(PlannedAction action)
    {
        switch (action)
        {
            case CreateInstance create:
                Assert.False(_instances.ContainsKey(create.Instance), $"{create.Instance} is created twice");
                _instances[create.Instance] = new ObservedInstance(create.Instance.Role, create.Instance.Ordinal, create.Revision) { Phase = InstancePhase.Starting, Since = Now };
                break;
            case UpdateInstance update:
                Assert.Equal(update.From, _instances[update.Instance].Revision);
                _instances[update.Instance] = _instances[update.Instance] with { Revision = update.To, Phase = InstancePhase.Starting, Ready = false, Since = Now };
                break;
            case DeleteInstance delete:
                _instances[delete.Instance] = _instances[delete.Instance] with { Phase = InstancePhase.Terminating, Ready = false, Since = Now };
                break;
            case PromoteRevision promote:
                Assert.Equal(SpecRevision.Of(Desired), promote.Revision);
                Stable = Desired;
                break;
            case RollBack back:
                Assert.Equal(SpecRevision.Of(Stable), back.Revision);
                Desired = Stable;
                break;
            default:
                throw new InvalidOperationException($"{action} is not known.");
        }
    }

    /// <summary>Time passes: everything under way is done with some chance, and healthy instances fail or vanish with another.</summary>
    public void Pass(TimeSpan time, double done, double fails = 0, double vanishes = 0)
    {
        Now += time;
        foreach (var instance in _instances.Values.ToList())
        {
            if (instance.Phase == InstancePhase.Terminating)
            {
                if (random.NextDouble() < done) _instances.Remove(instance.Key);
            }
            else if (random.NextDouble() < vanishes)
            {
                _instances.Remove(instance.Key);
            }
            else if (!instance.Ready)
            {
                if (instance.Revision != Broken && random.NextDouble() < done) _instances[instance.Key] = instance with { Ready = true, Phase = InstancePhase.Running, Since = Now };
            }
            else if (random.NextDouble() < fails)
            {
                _instances[instance.Key] = instance with { Ready = false, Phase = InstancePhase.Failed, Since = Now };
            }
        }
    }

    /// <summary>Plans and does until nothing is left to do; everything under way is done between two plans.</summary>
    /// <returns>Plans made.</returns>
    public int Settle(int limit = 1000, Action<Plan>? each = null)
    {
        for (var plans = 1; plans <= limit; plans++)
        {
            var plan = Plan();
            each?.Invoke(plan);
            if (plan.Done) return plans;
            Do(plan.Actions);
            Pass(TimeSpan.FromSeconds(11), done: 1);
        }

        throw new InvalidOperationException($"Not settled after {limit} plans: {Describe(Plan())}");
    }

    /// <summary>What there is and what a plan says, for messages.</summary>
    public string Describe(Plan plan) => string.Join(
        '\n',
        [
            .. plan.Roles.Select(role => role.ToString()), .. plan.Actions.Select(action => action.ToString()), .. plan.Holds.Select(hold => hold.ToString()),
            .. Instances.OrderBy(instance => instance.Role).ThenBy(instance => instance.Ordinal).Select(instance => $"{instance.Key} {instance.Revision} {instance.Phase} {(instance.Ready ? "ready" : "")} {instance.Since}"),
        ]);

    public ImmutableArray<ObservedInstance> Snapshot() => [.. _instances.Values];
}
