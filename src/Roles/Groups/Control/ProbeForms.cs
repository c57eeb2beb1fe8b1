using System.Diagnostics;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Probes of a spec as agents take them.</summary>
internal static class ProbeForms
{
    public static Agents.ProbeSpec? Read(ProbeSpec? spec) => spec is null ? null : new Agents.ProbeSpec(Read(spec.Action))
    {
        InitialDelay = spec.InitialDelay,
        Period = spec.Period,
        Timeout = spec.Timeout,
        SuccessThreshold = spec.SuccessThreshold,
        FailureThreshold = spec.FailureThreshold,
    };

    public static Agents.ProbeAction Read(ProbeAction action) => action switch
    {
        HttpAction http => new Agents.ProbeAction(Agents.ProbeKind.Http, http.Host ?? "", http.Port, http.Path, []),
        TcpAction tcp => new Agents.ProbeAction(Agents.ProbeKind.Tcp, tcp.Host ?? "", tcp.Port, "", []),
        ExecAction exec => Agents.ProbeAction.Exec(exec.Command),
        _ => throw new UnreachableException($"{action.GetType().Name} is no probe of an agent."),
    };
}
