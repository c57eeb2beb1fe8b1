using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Host.Groups;

/// <summary>What is asked about coordinated policies, answered by the groups that they are for.</summary>
/// <param name="regions">Of the groups' actors.</param>
public sealed class PolicyService(ControlRegions regions)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public async Task<PolicyListBody> ListAsync()
    {
        var names = await regions.Fleet.Ask<FleetProtocol.Groups>(FleetProtocol.GetGroups.Instance, Timeout).ConfigureAwait(false);
        var policies = await Task.WhenAll(names.Names.Select(YamlOrEmptyAsync)).ConfigureAwait(false);
        return new PolicyListBody([.. policies.Where(yaml => yaml.Length > 0).Select(Body)]);
    }

    /// <exception cref="GroupRefusedException">There is none of this name.</exception>
    public async Task<PolicyBody> FindAsync(string name) => Body(await YamlAsync(name).ConfigureAwait(false));

    /// <exception cref="GroupRefusedException">There is none of this name.</exception>
    public async Task<string> YamlAsync(string name) => await YamlOrEmptyAsync(name).ConfigureAwait(false) is { Length: > 0 } yaml
        ? yaml
        : throw new GroupRefusedException($"policy is '{name}'; there is none of this name.") { IsMissing = true };

    /// <summary>Its group goes on without it.</summary>
    /// <exception cref="GroupRefusedException">There is none of this name.</exception>
    public async Task<AppliedItem> DeleteAsync(string name)
    {
        await YamlAsync(name).ConfigureAwait(false);
        var command = new GroupProtocol.Apply(name, "", "", DateTimeOffset.UtcNow);
        return GroupService.Item(command, await AskAsync(command).ConfigureAwait(false), CoordinatedPolicy.KindName);
    }

    private static PolicyBody Body(string yaml)
    {
        var policy = GroupYaml.ReadPolicy(yaml)!;
        return new PolicyBody(policy.Name, policy.Name, [.. policy.Rules.Select(rule => new PolicyRuleBody(rule.Name, rule.Roles, [.. Strategies(rule)]))]) { Labels = policy.Metadata.Labels };
    }

    private static IEnumerable<string> Strategies(CoordinationRule rule)
    {
        if (rule.Rolling is not null) yield return "rollingUpdate";
        if (rule.Scaling is not null) yield return "scaling";
        if (!rule.Faults.IsEmpty) yield return "faults";
    }

    private async Task<string> YamlOrEmptyAsync(string group) => await AskAsync(new GroupProtocol.GetState(group)).ConfigureAwait(false) is GroupProtocol.State state ? state.Policy : "";

    private Task<object> AskAsync(GroupProtocol.IForGroup question) => regions.Groups.Ask<object>(question, Timeout);
}
