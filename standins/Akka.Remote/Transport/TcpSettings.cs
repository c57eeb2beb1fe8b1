using System.Net;
using System.Net.Sockets;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;

namespace Akka.Remote.Transport;

/// <summary>The settings below <c>akka.remote.dot-netty.tcp</c>.</summary>
internal sealed class TcpSettings
{
    private const string Path = "akka.remote.dot-netty.tcp";

    /// <exception cref="ConfigurationException">A value is not of its kind or out of its range.</exception>
    public TcpSettings(Config config, ActorSystemSetup setup)
    {
        var tcp = config.GetConfig(Path);
        Hostname = tcp.GetString("hostname") is { Length: > 0 } host ? host : null;
        Port = PortAt(tcp, "port");
        PublicHostname = tcp.GetString("public-hostname") is { Length: > 0 } name ? name : Hostname ?? Dns.GetHostName();
        PublicPort = PortAt(tcp, "public-port") is var port and > 0 ? port : null;
        PrefersIPv6 = tcp.GetBoolean("dns-use-ipv6");
        ConnectionTimeout = tcp.GetTimeSpan("connection-timeout", allowInfinite: false);
        MaximumFrameSize = tcp.GetByteSize("maximum-frame-size", null) ?? 0;
        if (MaximumFrameSize is < 32_000 or > int.MaxValue)
            throw new ConfigurationException($"{Path}.maximum-frame-size is {MaximumFrameSize} bytes; it must be from 32,000 to {int.MaxValue}.");
        SendBufferSize = (int?)tcp.GetByteSize("send-buffer-size", null);
        ReceiveBufferSize = (int?)tcp.GetByteSize("receive-buffer-size", null);
        Backlog = tcp.GetInt("backlog");
        TcpNoDelay = tcp.GetBoolean("tcp-nodelay");
        TcpKeepAlive = tcp.GetBoolean("tcp-keepalive");
        Tls = tcp.GetBoolean("enable-ssl") ? TlsSettings.Create(tcp.GetConfig("ssl"), setup.Get<DotNettySslSetup>()) : null;
    }

    /// <summary>Null for every interface.</summary>
    public string Hostname { get; }

    public int Port { get; }

    public string PublicHostname { get; }

    /// <summary>Null for the port that is listened on.</summary>
    public int? PublicPort { get; }

    public bool PrefersIPv6 { get; }

    public TimeSpan ConnectionTimeout { get; }

    /// <summary>Bytes of header and payload together.</summary>
    public long MaximumFrameSize { get; }

    public int? SendBufferSize { get; }

    public int? ReceiveBufferSize { get; }

    public int Backlog { get; }

    public bool TcpNoDelay { get; }

    public bool TcpKeepAlive { get; }

    /// <summary>Null for plain TCP.</summary>
    public TlsSettings Tls { get; }

    public void Apply(Socket socket)
    {
        socket.NoDelay = TcpNoDelay;
        if (TcpKeepAlive) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (SendBufferSize is { } send) socket.SendBufferSize = send;
        if (ReceiveBufferSize is { } receive) socket.ReceiveBufferSize = receive;
    }

    private static int PortAt(Config tcp, string key)
    {
        var port = tcp.GetInt(key);
        return port is >= 0 and <= 65535 ? port : throw new ConfigurationException($"{Path}.{key} is {port}; it must be from 0 to 65535.");
    }
}
