using Akka.Actor;
using Akka.Remote.Wire;
using Akka.Serialization;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>Of what managers on different nodes say to one another.</summary>
internal interface IClusterSingletonMessage;

/// <summary>The oldest node now, to one that was: stop the singleton, if you have it.</summary>
internal sealed record HandOverToMe : IClusterSingletonMessage
{
    public static readonly HandOverToMe Instance = new();
}

/// <summary>It is being stopped.</summary>
internal sealed record HandOverInProgress : IClusterSingletonMessage
{
    public static readonly HandOverInProgress Instance = new();
}

/// <summary>It does not run here, and never will again.</summary>
internal sealed record HandOverDone : IClusterSingletonMessage
{
    public static readonly HandOverDone Instance = new();
}

/// <summary>The managers' messages; none has content yet.</summary>
public sealed class ClusterSingletonMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string HandOverToMeManifest = "A";
    private const string HandOverInProgressManifest = "B";
    private const string HandOverDoneManifest = "C";

    public override int Identifier => 14;

    public override string Manifest(object o) => o switch
    {
        HandOverToMe => HandOverToMeManifest,
        HandOverInProgress => HandOverInProgressManifest,
        HandOverDone => HandOverDoneManifest,
        _ => throw new ArgumentException($"{o.GetType()} is not for {nameof(ClusterSingletonMessageSerializer)}.", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        Manifest(obj);
        return [];
    }

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        HandOverToMeManifest => HandOverToMe.Instance,
        HandOverInProgressManifest => HandOverInProgress.Instance,
        HandOverDoneManifest => HandOverDone.Instance,
        _ => throw new WireFormatException($"{nameof(ClusterSingletonMessageSerializer)} knows no manifest [{manifest}]."),
    };
}
