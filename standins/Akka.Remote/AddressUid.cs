using Akka.Actor;

namespace Akka.Remote;

/// <summary>A number that tells apart the systems that lived at one address, one after the other.</summary>
public class AddressUid : IExtension
{
    internal AddressUid()
    {
        Uid = Random.Shared.Next(1, int.MaxValue);   // 0 stands for "not known".
    }

    public int Uid { get; }
}

public class AddressUidExtension : ExtensionIdProvider<AddressUid>
{
    internal static readonly AddressUidExtension Instance = new();

    public static int Uid(ActorSystem system) => Instance.Apply(system).Uid;

    public override AddressUid CreateExtension(ExtendedActorSystem system) => new();
}
