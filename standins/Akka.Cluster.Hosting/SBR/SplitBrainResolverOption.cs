using System.Text;
using Akka.Hosting;

namespace Akka.Cluster.Hosting.SBR;

/// <summary>By which rule one side of a cluster that fell apart goes on.</summary>
public abstract class SplitBrainResolverOption
{
    /// <summary>The rule that applies if none is chosen.</summary>
    public static readonly SplitBrainResolverOption Default = new KeepMajorityOption();

    /// <summary>Only members of that role count.</summary>
    public string? Role { get; set; }

    internal abstract string Strategy { get; }

    internal void Build(StringBuilder hocon)
    {
        const string Section = "akka.cluster.split-brain-resolver";
        hocon.AppendLine("akka.cluster.downing-provider-class = \"Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster\"");
        hocon.AppendLine($"{Section}.active-strategy = {Strategy}");
        if (Role is not null) hocon.AppendLine($"{Section}.{Strategy}.role = {Role.ToHocon()}");
        foreach (var (key, value) in Values()) hocon.AppendLine($"{Section}.{Strategy}.{key} = {value}");
    }

    private protected virtual IEnumerable<(string Key, string Value)> Values() => [];
}

/// <summary>The larger side goes on.</summary>
public sealed class KeepMajorityOption : SplitBrainResolverOption
{
    internal override string Strategy => "keep-majority";
}

/// <summary>A side goes on that has so many members.</summary>
public sealed class StaticQuorumOption : SplitBrainResolverOption
{
    public int QuorumSize { get; set; }

    internal override string Strategy => "static-quorum";

    private protected override IEnumerable<(string Key, string Value)> Values() => [("quorum-size", QuorumSize.ToHocon())];
}

/// <summary>The side of the oldest member goes on.</summary>
public sealed class KeepOldestOption : SplitBrainResolverOption
{
    /// <summary>Whether the oldest goes if it is alone.</summary>
    public bool? DownIfAlone { get; set; }

    internal override string Strategy => "keep-oldest";

    private protected override IEnumerable<(string Key, string Value)> Values() =>
        DownIfAlone is { } down ? [("down-if-alone", down.ToHocon())] : [];
}
