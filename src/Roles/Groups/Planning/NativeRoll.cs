using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>What one role creates, updates and removes next, in the native mode.</summary>
internal sealed class NativeRoll
{
    /// <summary>How long a running instance is not ready before updating it counts as costing nothing.</summary>
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(10);

    private readonly RoleView _role;
    private readonly RoleLimits _limits;
    private readonly RolePlan _plan;
    private readonly bool _paused;
    private readonly int _maxSurge;
    private readonly int _maxUnavailable;
    private readonly List<ObservedInstance> _outdated;

    public NativeRoll(RoleView role, RoleLimits limits, RolePlan plan, bool paused)
    {
        (_role, _limits, _plan) = (role, limits, plan);
        _paused = paused || role.Spec.Rollout.Paused;
        _maxSurge = role.MaxSurge;
        _maxUnavailable = _maxSurge == 0 ? Math.Max(1, limits.MaxUnavailable.RoundUp(role.Desired)) : limits.MaxUnavailable.RoundDown(role.Desired);
        _outdated = [.. role.Live.Skip(limits.Partition).Where(instance => !role.IsUpdated(instance))];
    }

    public void Run(Hold? creation, Hold? update)
    {
        var surplus = Math.Max(0, _role.Live.Count - _limits.Target);
        // While a role shrinks, what is too much is to go, and none of it is there for an update.
        var shrinks = _limits.Target > _role.Desired;
        var existingSurge = shrinks ? 0 : Math.Min(Math.Min(surplus, _role.UpdatedCount), _maxSurge);
        var surge = shrinks ? 0 : Surge(existingSurge);
        var victims = Victims(surplus - Math.Min(surge, existingSurge));
        foreach (var victim in victims) _plan.Delete(victim, surplus > existingSurge || _maxSurge == 0 ? "scaled in" : "the update no longer needs it");
        var kept = _role.Live.Except(victims).ToList();
        if (creation is null) CreateMissing(kept, surge);
        else _plan.Holds.Add(creation);
        if (update is null) UpdateOutdated(kept);
        else if (_outdated.Count > 0) _plan.Holds.Add(update);
    }

    /// <summary>Surge instances that there are to be: enough to keep the role whole, none once it is updated and whole.</summary>
    private int Surge(int existing)
    {
        if (_maxSurge == 0) return 0;
        if (_paused) return Math.Min(existing, _maxSurge);
        if (_outdated.Count == 0 && _role.Live.Count(_role.IsAvailable) >= _limits.Target + Math.Min(existing, _maxSurge)) return 0;
        var started = _role.UpdatedCount - existing;
        var wanted = Math.Min(_outdated.Count(_role.IsAvailable), Math.Max(0, _limits.Updatable - started)) - _maxUnavailable;
        return Math.Min(_maxSurge, Math.Max(Math.Max(0, wanted), existing));
    }

    /// <summary>Which go when there are too many: those named, those not ready, those of an old revision, the least busy, the last.</summary>
    private List<ObservedInstance> Victims(int count)
    {
        if (count <= 0) return [];
        var named = (_role.Spec.Annotations.GetValueOrDefault(SpecNames.ScaleInFirst) ?? "").Split(',', StringSplitOptions.TrimEntries);
        return [.. _role.Live
            .OrderByDescending(instance => named.Contains($"{instance.Ordinal}"))
            .ThenBy(instance => instance.Ready)
            .ThenBy(_role.IsUpdated)
            .ThenBy(instance => _maxSurge > 0 ? 0 : instance.Load)
            .ThenByDescending(instance => instance.Ordinal)
            .Take(count)];
    }

    private void CreateMissing(List<ObservedInstance> kept, int surge)
    {
        var missing = _limits.Target + surge - kept.Count;
        if (missing <= 0) return;
        var baseMissing = Math.Max(0, _limits.Target - kept.Count);
        var (old, updated) = (kept.Count(instance => !_role.IsUpdated(instance)), _role.WithoutSurge(kept));
        var taken = _role.Live.Concat(_role.Leaving).Select(instance => instance.Ordinal).ToHashSet();
        for (var (made, ordinal) = (0, 0); made < missing; ordinal++)
        {
            if (taken.Contains(ordinal)) continue;
            if (_role.Spec.Management == PodManagementPolicy.OrderedReady && (made > 0 || kept.Any(instance => !instance.Ready)))
            {
                var late = kept.Find(instance => !instance.Ready);
                _plan.Holds.Add(new Hold(_role.Name, late?.Key, $"starts one instance after the other (OrderedReady){(late?.Reason is { } why ? $": {late.Key} {why}" : "")}"));
                return;
            }

            var isSurge = made >= baseMissing;
            var keepsOld = !isSurge && _role.Update != _role.Stable && (old < _limits.Partition || updated >= _limits.Updatable);
            _plan.Create(ordinal, keepsOld ? _role.Stable : _role.Update, isSurge);
            (old, updated, made) = (old + (keepsOld ? 1 : 0), updated + (keepsOld ? 0 : 1), made + 1);
        }
    }

    private void UpdateOutdated(List<ObservedInstance> kept)
    {
        var candidates = _outdated.Intersect(kept).ToList();
        if (candidates.Count == 0) return;
        var created = _plan.Actions.OfType<CreateInstance>().Count(create => !create.Surge && create.Revision == _role.Update);
        var allowed = _limits.Updatable - _role.WithoutSurge(kept) - created;
        var spare = kept.Count(_role.IsAvailable) - (_limits.Target - _maxUnavailable);
        var updates = 0;
        foreach (var instance in candidates.OrderBy(_role.IsAvailable).ThenByDescending(instance => instance.Ordinal))
        {
            if (_paused || updates >= allowed) break;
            var free = !_role.IsAvailable(instance) && (instance.Phase != InstancePhase.Running || _role.HasBeenDown(instance, Down));
            if (!free && spare <= 0) continue;
            if (!_plan.Update(instance)) break;
            updates++;
            if (_role.IsAvailable(instance)) spare--;
        }

        if (updates == 0) Explain(kept, allowed);
    }

    /// <summary>Why nothing more is updated at present.</summary>
    private void Explain(List<ObservedInstance> kept, int allowed)
    {
        if (_paused) _plan.Holds.Add(new Hold(_role.Name, null, "the rollout is paused"));
        var late = kept.Where(instance => !_role.IsAvailable(instance)).ToList();
        foreach (var instance in late)
        {
            var state = instance.Ready ? $"is to be ready for {_role.Spec.MinReady.TotalSeconds:0} s before it counts" : "is not ready";
            _plan.Holds.Add(new Hold(_role.Name, instance.Key, $"{state}{(instance.Reason is { } reason ? $": {reason}" : "")}") { For = _role.Now - instance.Since });
        }

        if (!_paused && allowed <= 0 && !_limits.With.IsEmpty)
            _plan.Holds.Add(new Hold(_role.Name, null, $"{_limits.Updatable} of {_role.Desired} are updated; more would leave {string.Join(", ", _limits.With)} behind by more than maxSkew"));
    }
}
