using Akka.Configuration;
using Akka.Routing;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Where and on what an actor runs. What it leaves open, the configuration and then defaults decide.</summary>
public class Deploy : IEquatable<Deploy>, ISurrogated
{
    public const string NoDispatcherGiven = "";
    public const string NoMailboxGiven = "";
    public const string DispatcherSameAsParent = "..";
    public const int NoStashSize = -1;
    public static readonly Scope NoScopeGiven = Actor.NoScopeGiven.Instance;
    public static readonly Deploy Local = new(Actor.LocalScope.Instance);
    public static readonly Deploy None = new();

    public Deploy()
        : this("")
    {
    }

    public Deploy(string path, Scope scope)
        : this(path, null, null, scope, null)
    {
    }

    public Deploy(Scope scope)
        : this("", null, null, scope, null)
    {
    }

    public Deploy(RouterConfig routerConfig, Scope scope)
        : this("", null, routerConfig, scope, null)
    {
    }

    public Deploy(RouterConfig routerConfig)
        : this("", null, routerConfig, null, null)
    {
    }

    public Deploy(string path, Config config, RouterConfig routerConfig, Scope scope, string dispatcher)
        : this(path, config, routerConfig, scope, dispatcher, null)
    {
    }

    public Deploy(string path, Config config, RouterConfig routerConfig, Scope scope, string dispatcher, string mailbox)
        : this(path, config, routerConfig, scope, dispatcher, mailbox, NoStashSize)
    {
    }

    public Deploy(string path, Config config, RouterConfig routerConfig, Scope scope, string dispatcher, string mailbox, int stashCapacity)
    {
        Path = path;
        Config = config ?? Config.Empty;
        RouterConfig = routerConfig ?? NoRouter.Instance;
        Scope = scope ?? NoScopeGiven;
        Dispatcher = dispatcher ?? NoDispatcherGiven;
        Mailbox = mailbox ?? NoMailboxGiven;
        StashCapacity = stashCapacity;
    }

    private Deploy(string path)
        : this(path, null, null, null, null)
    {
    }

    public string Path { get; }

    public Config Config { get; }

    public RouterConfig RouterConfig { get; }

    public Scope Scope { get; }

    public string Dispatcher { get; }

    public string Mailbox { get; }

    /// <summary>Messages that a bounded stash holds; -1 for its default.</summary>
    public int StashCapacity { get; }

    /// <summary>This one where it says something, the other where not.</summary>
    public virtual Deploy WithFallback(Deploy other) => new(
        Path,
        Config.IsEmpty ? other.Config : other.Config.IsEmpty ? Config : Config.WithFallback(other.Config),
        RouterConfig.WithFallback(other.RouterConfig),
        Scope.WithFallback(other.Scope),
        Dispatcher == NoDispatcherGiven ? other.Dispatcher : Dispatcher,
        Mailbox == NoMailboxGiven ? other.Mailbox : Mailbox,
        StashCapacity == NoStashSize ? other.StashCapacity : StashCapacity);

    public virtual Deploy WithScope(Scope scope) => new(Path, Config, RouterConfig, scope ?? Scope, Dispatcher, Mailbox, StashCapacity);

    public virtual Deploy WithMailbox(string mailbox) => new(Path, Config, RouterConfig, Scope, Dispatcher, mailbox, StashCapacity);

    public virtual Deploy WithDispatcher(string dispatcher) => new(Path, Config, RouterConfig, Scope, dispatcher, Mailbox, StashCapacity);

    public virtual Deploy WithRouterConfig(RouterConfig routerConfig) => new(Path, Config, routerConfig, Scope, Dispatcher, Mailbox, StashCapacity);

    public virtual Deploy WithStashCapacity(int stashCapacity) => new(Path, Config, RouterConfig, Scope, Dispatcher, Mailbox, stashCapacity);

    public virtual bool Equals(Deploy other) => other is not null && (ReferenceEquals(this, other)
        || (Path == other.Path && Mailbox == other.Mailbox && Dispatcher == other.Dispatcher && Scope.Equals(other.Scope)
            && StashCapacity == other.StashCapacity && RouterConfig.Equals(other.RouterConfig)));

    public override bool Equals(object obj) => Equals(obj as Deploy);

    public override int GetHashCode() => HashCode.Combine(Path, Mailbox, Dispatcher);

    public ISurrogate ToSurrogate(ActorSystem system) => new DeploySurrogate
    {
        Path = Path,
        Scope = Scope,
        Dispatcher = Dispatcher,
        Mailbox = Mailbox,
        StashCapacity = StashCapacity,
    };

    public sealed class DeploySurrogate : ISurrogate
    {
        public string Path { get; set; }

        public Scope Scope { get; set; }

        public string Dispatcher { get; set; }

        public string Mailbox { get; set; }

        public int StashCapacity { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => new Deploy(Path, null, null, Scope, Dispatcher, Mailbox, StashCapacity);
    }
}

/// <summary>On which node an actor runs.</summary>
public abstract class Scope : IEquatable<Scope>
{
    public static readonly LocalScope Local = LocalScope.Instance;

    public abstract Scope WithFallback(Scope other);

    public abstract Scope Copy();

    public virtual bool Equals(Scope other) => other is not null && GetType() == other.GetType();

    public override bool Equals(object obj) => Equals(obj as Scope);

    public override int GetHashCode() => GetType().GetHashCode();
}

/// <summary>This node.</summary>
public sealed class LocalScope : Scope
{
    private LocalScope()
    {
    }

    public static LocalScope Instance { get; } = new();

    public override Scope WithFallback(Scope other) => this;

    public override Scope Copy() => this;
}

/// <summary>Not said.</summary>
internal sealed class NoScopeGiven : Scope
{
    private NoScopeGiven()
    {
    }

    public static NoScopeGiven Instance { get; } = new();

    public override Scope WithFallback(Scope other) => other;

    public override Scope Copy() => this;
}

/// <summary>The node at an address.</summary>
public sealed class RemoteScope(Address address) : Scope
{
    public Address Address { get; } = address;

    public override Scope WithFallback(Scope other) => this;

    public override Scope Copy() => new RemoteScope(Address);

    public override bool Equals(Scope other) => other is RemoteScope remote && remote.Address.Equals(Address);

    public override int GetHashCode() => Address.GetHashCode();
}
