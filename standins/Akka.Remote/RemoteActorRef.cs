using System.Globalization;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Transport;

namespace Akka.Remote;

/// <summary>A reference to something of another system.</summary>
public interface IRemoteRef : IActorRefScope;

/// <summary>A reference to an actor of another system, by its path.</summary>
public class RemoteActorRef : InternalActorRefBase, IRemoteRef
{
    private readonly RemoteActorRefProvider _provider;
    private readonly Association _association;
    private string _relativeText;
    private string _absoluteText;

    internal RemoteActorRef(RemoteActorRefProvider provider, Association association, ActorPath path)
    {
        _provider = provider;
        _association = association;
        Path = path;
    }

    public override ActorPath Path { get; }

    public override IActorRefProvider Provider => _provider;

    public override IInternalActorRef Parent => Path.Depth == 0 ? this : new RemoteActorRef(_provider, _association, Path.Parent);

    public override bool IsTerminated => false;

    public override bool IsLocal => false;

    /// <summary>Stands for one answer, and is not met again.</summary>
    internal bool IsOneTime => Path.Depth == 2 && Path.Parent.Name == "temp";

    internal string RelativeText => _relativeText ??= RelativeTextOf(Path);

    internal string AbsoluteText => _absoluteText ??= Path.ToSerializationFormat();

    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        var path = Path;
        foreach (var element in name)
        {
            if (element == "..") path = path.Depth == 0 ? path : path.Parent;
            else if (!string.IsNullOrEmpty(element)) path /= element;
        }

        return ReferenceEquals(path, Path) ? this : new RemoteActorRef(_provider, _association, path);
    }

    public override void Start()
    {
    }

    public override void Stop() => SendSystemMessage(new Terminate());

    public override void Suspend() => SendSystemMessage(new Suspend());

    public override void Resume(Exception causedByFailure = null) => SendSystemMessage(new Resume(causedByFailure));

    public override void Restart(Exception cause) => SendSystemMessage(new Recreate(cause));

    /// <summary>Watches go through the remote watcher, which watches once for all and follows the node's heartbeat.</summary>
    public override void SendSystemMessage(ISystemMessage message)
    {
        switch (message)
        {
            case Watch watch when IsByOthers(watch.Watchee, watch.Watcher):
                _provider.RemoteWatcher.Tell(new RemoteWatcher.WatchRemote(watch.Watchee, watch.Watcher), ActorRefs.NoSender);
                break;
            case Unwatch unwatch when IsByOthers(unwatch.Watchee, unwatch.Watcher):
                _provider.RemoteWatcher.Tell(new RemoteWatcher.UnwatchRemote(unwatch.Watchee, unwatch.Watcher), ActorRefs.NoSender);
                break;
            default:
                _association.Send(message, ActorRefs.NoSender, this);
                break;
        }
    }

    internal static string RelativeTextOf(ActorPath path)
    {
        if (path.Depth == 2 && path.Uid == 0) return $"/{path.Parent.Name}/{path.Name}";
        var text = path.ToStringWithoutAddress();
        return path.Uid == 0 ? text : string.Create(CultureInfo.InvariantCulture, $"{text}#{path.Uid}");
    }

    protected override void TellInternal(object message, IActorRef sender) => _association.Send(message, sender, this);

    private bool IsByOthers(IActorRef watchee, IActorRef watcher) => watchee.Equals(this) && !watcher.Equals(_provider.RemoteWatcher);
}
