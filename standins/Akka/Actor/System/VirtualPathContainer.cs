using System.Collections.Concurrent;

namespace Akka.Actor;

/// <summary>A place in the tree with children but no actor, such as /temp.</summary>
public class VirtualPathContainer(IActorRefProvider provider, ActorPath path, IInternalActorRef parent) : MinimalActorRef
{
    private readonly ConcurrentDictionary<string, IInternalActorRef> _children = new();

    public override ActorPath Path { get; } = path;

    public override IActorRefProvider Provider { get; } = provider;

    public override IInternalActorRef Parent => parent ?? Provider.RootGuardian;

    public bool HasChildren => !_children.IsEmpty;

    public void AddChild(string name, IInternalActorRef actor) => _children[name] = actor;

    public void RemoveChild(string name) => _children.TryRemove(name, out _);

    public void RemoveChild(string name, IActorRef child)
    {
        if (_children.TryGetValue(name, out var known) && known.Equals(child)) _children.TryRemove(new(name, known));
    }

    public void ForEachChild(Action<IInternalActorRef> action)
    {
        foreach (var child in _children.Values) action(child);
    }

    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        if (name.Count == 0 || (name.Count == 1 && string.IsNullOrEmpty(name[0]))) return this;
        if (name[0] == "..") return Parent.GetChild([.. name.Skip(1)]);
        if (!_children.TryGetValue(ActorPath.SplitNameAndUid(name[0]).Name, out var child)) return Nobody.Instance;
        return name.Count == 1 ? child : child.GetChild([.. name.Skip(1)]);
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is ActorSelectionMessage selection) ActorSelection.DeliverSelection(this, sender, selection);
    }
}
