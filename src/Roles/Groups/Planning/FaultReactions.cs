using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>What the failure of a process means for its instance, and for the roles that rules link to it.</summary>
public static class FaultReactions
{
    /// <param name="restarts">Restarts of the instance before this one, by <see cref="RestartBackOff.Count"/>.</param>
    public static ImmutableArray<FaultResponse> Decide(PlanInput input, ProcessFailure failure, int restarts)
    {
        var group = input.Desired;
        if (group.FindRole(failure.Instance.Role) is not { } role) return [];
        var responses = ImmutableArray.CreateBuilder<FaultResponse>();
        var delay = RestartBackOff.Delay(restarts, role.Restart);
        var component = role.Components.FirstOrDefault(part => part.Name == failure.Component);
        var ignored = component?.Template.Annotations.GetValueOrDefault(SpecNames.RestartTrigger) == "Ignore";
        var whole = role.Restart.Type == RestartPolicyType.RecreateRoleInstanceOnPodRestart && !ignored;
        responses.Add(whole ? new RecreateInstance(failure.Instance, delay) : new RestartProcess(failure.Instance, failure.Component, failure.Index, delay));
        foreach (var fault in (input.Policy?.Rules ?? []).SelectMany(rule => rule.Faults).Where(fault => fault.When == role.Name)) Link(input, failure, fault, responses);
        return [.. responses.Distinct()];
    }

    private static void Link(PlanInput input, ProcessFailure failure, FaultReaction fault, ImmutableArray<FaultResponse>.Builder responses)
    {
        switch (fault.Action)
        {
            case FaultAction.RestartInstance:
                foreach (var linked in input.Instances.Where(linked => fault.Roles.Contains(linked.Role) && linked.Ordinal == failure.Instance.Ordinal && linked.Phase != InstancePhase.Terminating))
                    responses.Add(new RecreateInstance(linked.Key, TimeSpan.Zero));
                break;
            case FaultAction.RecreateGroup:
                responses.Add(new RecreateGroup(RoleOrder.Layers(input.Desired.Roles)));
                break;
            case FaultAction.RePair:
                foreach (var role in fault.Roles) responses.Add(new RePair(role, failure.Instance));
                break;
            default:
                break;
        }
    }
}

/// <summary>A process that ended, or whose liveness probe failed.</summary>
/// <param name="Component">Empty in a standalone role.</param>
/// <param name="Index">Of the member within its component.</param>
public readonly record struct ProcessFailure(InstanceKey Instance, string Component, int Index);

public abstract record FaultResponse;

/// <summary>Only the process starts again.</summary>
public sealed record RestartProcess(InstanceKey Instance, string Component, int Index, TimeSpan Delay) : FaultResponse;

/// <summary>All processes of the instance end and start again; until then what has crashed is kept for its evidence.</summary>
public sealed record RecreateInstance(InstanceKey Instance, TimeSpan Delay) : FaultResponse;

/// <summary>All instances end, those of the last layer first, and start again in order.</summary>
public sealed record RecreateGroup(ImmutableArray<ImmutableArray<string>> Layers) : FaultResponse
{
    public bool Equals(RecreateGroup? other) => other is not null;

    public override int GetHashCode() => 1;
}

/// <summary>Instances of a role drop what they share with a failed one, and pair with others.</summary>
public sealed record RePair(string Role, InstanceKey Failed) : FaultResponse;
