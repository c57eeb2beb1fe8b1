namespace Akka.Actor.Internal;

/// <summary>Which actor runs on this thread.</summary>
public static class InternalCurrentActorCellKeeper
{
    [ThreadStatic]
    private static ActorCell _current;

    /// <summary>Null outside of actors. A test kit sets it to lend its test actor to the test's thread.</summary>
    public static ActorCell Current
    {
        get => _current;
        set => _current = value;
    }
}
