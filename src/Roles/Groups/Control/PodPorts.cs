using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Roles.Agents;

namespace ActorInference.Roles.Groups.Control;

/// <summary>A variable of a process that says which port another one of its instance was given.</summary>
/// <param name="Env">Name of the variable.</param>
/// <param name="Process">Whose port it is.</param>
/// <param name="Port">Name of the port.</param>
public sealed record PortVariable(string Env, string Process, string Port);

/// <summary>
/// Numbers of ports that one process is told of another one of its instance. Agents choose them, so they are known from reports only. They become
/// part of what is to run and of its revision: with another number, as after the other has moved to another host, the process is replaced.
/// </summary>
internal static class PodPorts
{
    /// <returns>The first port whose number is not known; null if all are.</returns>
    public static PortVariable? Unknown(MemberOrder member, IReadOnlyDictionary<string, AgentProtocol.InstanceReport> reports) =>
        member.Ports.FirstOrDefault(port => NumberOf(port, reports) is null);

    /// <returns>The member with the numbers; as it is while one is not known.</returns>
    public static MemberOrder With(MemberOrder member, IReadOnlyDictionary<string, AgentProtocol.InstanceReport> reports)
    {
        if (member.Ports.IsEmpty || Unknown(member, reports) is not null) return member;
        ImmutableArray<Variable> variables = [.. member.Ports.Select(port => new Variable(port.Env, NumberOf(port, reports)!.Value.ToString(CultureInfo.InvariantCulture)))];
        var suffix = "@" + string.Join(',', variables.Select(variable => variable.Value));
        var launch = Told(member.Launch) with { Init = [.. member.Launch.Init.Select(Told)], InitRevision = member.Launch.InitRevision + suffix };
        return member with { Launch = launch with { Revision = launch.Revision + suffix } };

        InstanceLaunch Told(InstanceLaunch each) => each with { Environment = [.. variables, .. each.Environment] };
    }

    private static int? NumberOf(PortVariable port, IReadOnlyDictionary<string, AgentProtocol.InstanceReport> reports) =>
        reports.TryGetValue(port.Process, out var report) ? report.Ports.FirstOrDefault(lease => lease.Name == port.Port)?.Port : null;
}
