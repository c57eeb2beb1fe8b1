using System.Text;
using Akka.Hosting;

namespace Akka.Remote.Hosting;

/// <summary>Settings of a <see cref="DeadlineFailureDetector"/>.</summary>
public class DeadlineFailureDetectorOptions
{
    public TimeSpan? HeartbeatInterval { get; set; }

    public TimeSpan? AcceptableHeartbeatPause { get; set; }

    internal void Build(StringBuilder hocon, string path)
    {
        RemoteOptions.Line(hocon, $"{path}.heartbeat-interval", HeartbeatInterval?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.acceptable-heartbeat-pause", AcceptableHeartbeatPause?.ToHocon());
    }
}

/// <summary>Settings of a <see cref="PhiAccrualFailureDetector"/>.</summary>
public class PhiAccrualFailureDetectorOptions
{
    public TimeSpan? HeartbeatInterval { get; set; }

    public double? Threshold { get; set; }

    public int? MaxSampleSize { get; set; }

    public TimeSpan? MinStandardDeviation { get; set; }

    public TimeSpan? AcceptableHeartbeatPause { get; set; }

    public TimeSpan? UnreachableNodesReaperInterval { get; set; }

    public TimeSpan? ExpectedResponseAfter { get; set; }

    internal void Build(StringBuilder hocon, string path)
    {
        RemoteOptions.Line(hocon, $"{path}.heartbeat-interval", HeartbeatInterval?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.threshold", Threshold?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.max-sample-size", MaxSampleSize?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.min-std-deviation", MinStandardDeviation?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.acceptable-heartbeat-pause", AcceptableHeartbeatPause?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.unreachable-nodes-reaper-interval", UnreachableNodesReaperInterval?.ToHocon());
        RemoteOptions.Line(hocon, $"{path}.expected-response-after", ExpectedResponseAfter?.ToHocon());
    }
}
