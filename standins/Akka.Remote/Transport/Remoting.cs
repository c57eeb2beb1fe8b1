using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

/// <summary>Remoting over TCP: one listener, and an <see cref="Association"/> for each address that there is something to do with.</summary>
internal sealed class Remoting : RemoteTransport
{
    public const string Protocol = "akka.tcp";

    private static readonly TimeSpan PauseAfterFailedAccept = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Address, Association> _associations = new();
    private readonly ConcurrentDictionary<InboundConnection, byte> _inbound = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<Address> _addresses = [];
    private readonly Cancelable _ticks;
    private Socket _listener;
    private Address _defaultAddress;
    private Task _accepting = Task.CompletedTask;

    public Remoting(ExtendedActorSystem system, RemoteActorRefProvider provider)
        : base(system, provider)
    {
        Log = Logging.GetLogger(system, "remoting");
        Tcp = new TcpSettings(system.Settings.Config, system.Settings.Setup);
        Uid = AddressUidExtension.Uid(system);
        _ticks = new Cancelable(system.Scheduler);
    }

    public ILoggingAdapter Log { get; }

    public TcpSettings Tcp { get; }

    public RemoteSettings Settings => Provider.RemoteSettings;

    public int Uid { get; }

    /// <summary>True once the shutdown has begun.</summary>
    public bool IsClosing => _closing.IsCancellationRequested;

    public override ISet<Address> Addresses => _addresses;

    public override Address DefaultAddress => _defaultAddress;

    public override void Start()
    {
        Log.Info("Starting remoting");
        _listener = Bind();
        var bound = (IPEndPoint)_listener.LocalEndPoint;
        _defaultAddress = new Address(Protocol, System.Name, Tcp.PublicHostname, Tcp.PublicPort ?? bound.Port);
        _addresses.Add(_defaultAddress);
        _addresses.Add(new Address(Protocol, System.Name, Tcp.Hostname ?? Dns.GetHostName(), bound.Port));
        _accepting = Task.Run(AcceptAsync);
        var interval = Settings.TransportHeartbeatInterval;
        System.Scheduler.Advanced.ScheduleRepeatedly(interval, interval, Tick, _ticks);
        Log.Info("Remoting started; listening on addresses : [{0}]", _defaultAddress);
        Publish(new RemotingListenEvent([_defaultAddress]));
    }

    public override async Task Shutdown()
    {
        _ticks.Cancel();
        await _closing.CancelAsync().ConfigureAwait(false);
        _listener?.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_associations.Values.Select(each => each.CloseAsync(Settings.FlushWait))).ConfigureAwait(false);
        await Task.WhenAll(_inbound.Keys.Select(each => each.CloseWithAsync(FrameKind.Goodbye))).ConfigureAwait(false);
        Log.Info("Remoting shut down");
        Publish(new RemotingShutdownEvent(), logged: false);
    }

    public override void Send(object message, IActorRef sender, RemoteActorRef recipient) =>
        AssociationFor(recipient.Path.Address).Send(message, sender, recipient);

    public override Address LocalAddressForRemote(Address remote) => remote.Protocol == Protocol
        ? DefaultAddress
        : throw new RemoteTransportException($"No transport is loaded for the protocol of [{remote}]; there is [{Protocol}].");

    public override void Quarantine(Address address, int? uid) => AssociationFor(address).Quarantine(uid, null);

    public Association AssociationFor(Address address) =>
        _associations.TryGetValue(address, out var known) ? known : _associations.GetOrAdd(address, static (key, self) => new Association(self, key), this);

    public void Forget(InboundConnection connection) => _inbound.TryRemove(connection, out _);

    public void After(TimeSpan delay, Action action)
    {
        if (!_closing.IsCancellationRequested) System.Scheduler.Advanced.ScheduleOnce(delay, action);
    }

    public void Publish(RemotingLifecycleEvent what, bool logged = true)
    {
        System.EventStream.Publish(what);
        if (logged && Settings.LogRemoteLifecycleEvents) Log.Log(what.LogLevel(), null, what.ToString());
    }

    private Socket Bind()
    {
        var where = $"{Tcp.Hostname ?? "*"}:{Tcp.Port}";
        try
        {
            var address = BindAddress();
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(address, Tcp.Port));
                socket.Listen(Tcp.Backlog);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (SocketException e)
        {
            throw new RemoteTransportException($"Remoting cannot listen on [{where}]: {e.Message}.", e);
        }
    }

    private IPAddress BindAddress()
    {
        if (Tcp.Hostname is null) return Tcp.PrefersIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        if (IPAddress.TryParse(Tcp.Hostname, out var literal)) return literal;
        var all = Dns.GetHostAddresses(Tcp.Hostname);
        var family = Tcp.PrefersIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        return all.FirstOrDefault(each => each.AddressFamily == family) ?? all[0];
    }

    private async Task AcceptAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_closing.Token).ConfigureAwait(false);
                var connection = new InboundConnection(this, socket);
                _inbound.TryAdd(connection, 0);
                _ = Task.Run(() => connection.RunAsync(CancellationToken.None));
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                // Such as a peer that was gone before it was accepted, or no file descriptors left; the listener lives on.
                // What is wrong may stay so for a while, and the next accept fails at once then: without a pause this would spin.
                Log.Error(e, "A connection could not be accepted: {0}", e.Message);
                await Task.Delay(PauseAfterFailedAccept).ConfigureAwait(false);
            }
        }
    }

    private void Tick()
    {
        foreach (var association in _associations.Values) association.Tick();
    }
}
