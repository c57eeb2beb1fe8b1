using Akka.Actor.Internal;
using Akka.Util;

namespace Akka.Actor;

public partial class ActorCell
{
    private static readonly ChildrenContainer NoChildrenAnyMore = Closed();

    private ChildrenContainer _children;   // Null until the first child.
    private long _nextAnonymousName;

    private bool IsWaitingForChildren => Volatile.Read(ref _children) is { IsWaiting: true };

    private bool IsTerminating => Volatile.Read(ref _children) is { IsTerminating: true };

    public IActorRef ActorOf(Props props, string name = null) => MakeChild(props, CheckName(name), async: false, systemService: false);

    /// <summary>Starts a child on behalf of the system, from any thread.</summary>
    public virtual IActorRef AttachChild(Props props, bool isSystemService, string name = null) =>
        MakeChild(props, CheckName(name), async: true, isSystemService);

    /// <summary>Takes in a child that was made elsewhere: the guardians below the root.</summary>
    internal void AddStandingChild(IInternalActorRef child)
    {
        ChildrenForUse().Reserve(child.Path.Name);
        ChildrenForUse().Add(child);
    }

    public IActorRef Child(string name) => GetChildByName(name) ?? (IActorRef)ActorRefs.Nobody;

    public IEnumerable<IInternalActorRef> GetChildren() => Volatile.Read(ref _children)?.All() ?? [];

    IEnumerable<IActorRef> IActorContext.GetChildren() => GetChildren();

    public void Stop(IActorRef child)
    {
        var internalChild = (IInternalActorRef)child;
        Volatile.Read(ref _children)?.ShallDie(child);
        internalChild.Stop();
    }

    public IInternalActorRef GetChildByName(string name) =>
        Volatile.Read(ref _children) is { } children && children.TryGet(name, out var child) ? child : null;

    public IInternalActorRef GetSingleChild(string name)
    {
        var (plain, uid) = ActorPath.SplitNameAndUid(name);
        return GetChildByName(plain) is { } child && (uid == UndefinedUid || uid == child.Path.Uid) ? child : Nobody.Instance;
    }

    internal static long NewUid() => Random.Shared.Next(1, int.MaxValue);

    private static ChildrenContainer Closed()
    {
        var container = new ChildrenContainer();
        container.Close();
        return container;
    }

    private string CheckName(string name)
    {
        if (name is null) return RandomName();
        if (name.Length == 0) throw new InvalidActorNameException("Actor name must not be empty.");
        if (!ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(
                $"Illegal actor name [{name}]. Actor paths MUST: not start with `$`, include only ASCII letters and can only contain these "
                + "special characters: -_.*$+:@&=,!~';().");
        }

        return name;
    }

    private string RandomName() => (Interlocked.Increment(ref _nextAnonymousName) - 1).Base64Encode();

    private ChildrenContainer ChildrenForUse()
    {
        var children = Volatile.Read(ref _children);
        if (children is not null) return children;
        var fresh = new ChildrenContainer();
        return Interlocked.CompareExchange(ref _children, fresh, null) ?? fresh;
    }

    private IInternalActorRef MakeChild(Props props, string name, bool async, bool systemService)
    {
        if (System.Settings.SerializeAllCreators && !systemService && props.Deploy.Scope is not LocalScope)
            props = SystemImpl.Serialization.RoundTrip(props);

        var children = ChildrenForUse();
        children.Reserve(name);
        IInternalActorRef child;
        try
        {
            var path = new ChildActorPath(Self.Path, name, NewUid());
            child = SystemImpl.Provider.ActorOf(
                SystemImpl, props, SelfInternal, path, systemService, deploy: null, lookupDeploy: !systemService, async);
        }
        catch
        {
            children.Unreserve(name);
            throw;
        }

        var accepted = children.Add(child);
        child.Start();
        if (accepted && !children.IsTerminating) return child;
        child.Stop();
        throw new InvalidOperationException($"Cannot create child '{name}': {Self} is terminating or terminated.");
    }

    private void ShutDownChildren()
    {
        foreach (var child in GetChildren()) Stop(child);
    }

    private bool WaitForChildren(SuspendReason reason) => Volatile.Read(ref _children)?.WaitFor(reason) ?? false;

    /// <summary>No child can start from here on.</summary>
    private void CloseChildren()
    {
        var late = (Interlocked.CompareExchange(ref _children, NoChildrenAnyMore, null) ?? NoChildrenAnyMore).Close();
        foreach (var child in late) child.Stop();
    }
}
