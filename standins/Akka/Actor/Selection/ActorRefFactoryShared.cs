namespace Akka.Actor;

/// <summary>How a factory turns a path into a selection.</summary>
internal static class ActorRefFactoryShared
{
    public static ActorSelection ActorSelection(ActorPath actorPath, ActorSystem system)
    {
        var root = ((ExtendedActorSystem)system).Provider.RootGuardianAt(actorPath.Address);
        return new ActorSelection(root, actorPath.Elements);
    }

    /// <summary>A full path, one from the root ("/user/x"), or one relative to <paramref name="anchor"/> ("../x", "child/*").</summary>
    public static ActorSelection ActorSelection(string path, ActorSystem system, IActorRef anchor)
    {
        var provider = ((ExtendedActorSystem)system).Provider;
        if (path.StartsWith('/')) return new ActorSelection(provider.RootGuardian, path.Split('/').Skip(1));
        if (ActorPath.TryParse(path, out var actorPath)) return ActorSelection(actorPath, system);
        return Uri.IsWellFormedUriString(path, UriKind.Absolute)
            ? new ActorSelection(provider.DeadLetters, "")
            : new ActorSelection(anchor, path);
    }

    public static ActorSelection ActorSelection(IActorRef anchor, string path) => new(anchor, path);
}
