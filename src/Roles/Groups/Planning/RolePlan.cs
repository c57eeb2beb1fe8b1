using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>Collects what one role does next.</summary>
internal sealed class RolePlan(RoleView role, PlanInput input)
{
    private Dictionary<string, InPlaceDecision?>? _decisions;

    public string Role => role.Name;

    public List<PlannedAction> Actions { get; } = [];

    public List<Hold> Holds { get; } = [];

    public void Create(int ordinal, string revision, bool surge) => Actions.Add(new CreateInstance(new InstanceKey(role.Name, ordinal), revision, surge));

    public void Delete(ObservedInstance instance, string reason) => Actions.Add(new DeleteInstance(instance.Key, reason));

    /// <summary>Updates an instance in the way its role and the change allow.</summary>
    /// <returns>Whether it does; not if the role asks for in place only and the change needs more.</returns>
    public bool Update(ObservedInstance instance)
    {
        var rollout = role.Spec.Rollout;
        var decision = rollout.Type == UpdateType.RecreatePod ? null : Decide(instance.Revision);
        // RBG has the constant and treats it as InPlaceIfPossible.
        var only = rollout.Type == UpdateType.InPlaceOnly && input.Desired.Mode == PlannerMode.Native;
        if (only && decision is not { Possible: true })
        {
            var fields = decision is null ? "what it runs is not known any more" : $"{string.Join(", ", decision.Blocking)} changed";
            Holds.Add(new Hold(role.Name, instance.Key, $"cannot be updated in place, and InPlaceOnly is asked for: {fields}"));
            return false;
        }

        Actions.Add(new UpdateInstance(instance.Key, instance.Revision, role.Update, decision is { Possible: true }, rollout.Grace));
        return true;
    }

    private InPlaceDecision? Decide(string revision)
    {
        _decisions ??= new Dictionary<string, InPlaceDecision?>(StringComparer.Ordinal);
        if (_decisions.TryGetValue(revision, out var known)) return known;
        var old = input.History.Prepend(input.Stable).Append(input.Desired).Select(group => group.FindRole(role.Name)).FirstOrDefault(spec => spec is not null && SpecRevision.Of(spec) == revision);
        return _decisions[revision] = old is null ? null : InPlaceDecision.Between(old, role.Spec, input.Desired.Mode);
    }
}
