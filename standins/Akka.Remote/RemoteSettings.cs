using Akka.Configuration;

namespace Akka.Remote;

/// <summary>The settings below <c>akka.remote</c>, except those of the transport.</summary>
public sealed class RemoteSettings
{
    /// <exception cref="ConfigurationException">A value is not of its kind.</exception>
    public RemoteSettings(Config config)
    {
        Config = config;
        var remote = config.GetConfig("akka.remote");
        StartupTimeout = remote.GetTimeSpan("startup-timeout");
        ShutdownTimeout = remote.GetTimeSpan("shutdown-timeout");
        FlushWait = remote.GetTimeSpan("flush-wait-on-shutdown");
        HandshakeTimeout = Positive(remote, "handshake-timeout");
        UntrustedMode = remote.GetBoolean("untrusted-mode");
        TrustedSelectionPaths = [.. remote.GetStringList("trusted-selection-paths")];
        LogReceive = remote.GetBoolean("log-received-messages");
        LogSend = remote.GetBoolean("log-sent-messages");
        LogRemoteLifecycleEvents = remote.GetBoolean("log-remote-lifecycle-events");
        LogBufferSizeExceeding = remote.GetString("log-buffer-size-exceeding") is "off" or "false"
            ? int.MaxValue
            : remote.GetInt("log-buffer-size-exceeding");
        RetryGateClosedFor = remote.GetTimeSpan("retry-gate-closed-for");
        QuarantineSilentSystemTimeout = Positive(remote, "quarantine-after-silence");
        SysMsgBufferSize = remote.GetInt("system-message-buffer-size");
        if (SysMsgBufferSize <= 0) throw new ConfigurationException($"akka.remote.system-message-buffer-size is {SysMsgBufferSize}; it must be more than 0.");
        InitialSysMsgDeliveryTimeout = Positive(remote, "initial-system-message-delivery-timeout");
        TransportFailureDetectorConfig = remote.GetConfig("transport-failure-detector");
        TransportHeartbeatInterval = Positive(remote, "transport-failure-detector.heartbeat-interval");
        TransportAcceptablePause = Positive(remote, "transport-failure-detector.acceptable-heartbeat-pause");
        WatchFailureDetectorConfig = remote.GetConfig("watch-failure-detector");
        WatchFailureDetectorImplementationClass = remote.GetString("watch-failure-detector.implementation-class");
        WatchHeartBeatInterval = Positive(remote, "watch-failure-detector.heartbeat-interval");
        WatchUnreachableReaperInterval = Positive(remote, "watch-failure-detector.unreachable-nodes-reaper-interval");
        WatchHeartbeatExpectedResponseAfter = Positive(remote, "watch-failure-detector.expected-response-after");
    }

    public Config Config { get; }

    public TimeSpan StartupTimeout { get; }

    public TimeSpan ShutdownTimeout { get; }

    /// <summary>How long a shutdown waits until what was sent has been taken.</summary>
    public TimeSpan FlushWait { get; }

    public TimeSpan HandshakeTimeout { get; }

    public bool UntrustedMode { get; }

    public HashSet<string> TrustedSelectionPaths { get; }

    public bool LogReceive { get; }

    public bool LogSend { get; }

    public bool LogRemoteLifecycleEvents { get; }

    public int LogBufferSizeExceeding { get; }

    /// <summary>How long after a failure nothing is tried again.</summary>
    public TimeSpan RetryGateClosedFor { get; }

    public TimeSpan QuarantineSilentSystemTimeout { get; }

    public int SysMsgBufferSize { get; }

    public TimeSpan InitialSysMsgDeliveryTimeout { get; }

    public Config TransportFailureDetectorConfig { get; }

    public TimeSpan TransportHeartbeatInterval { get; }

    public TimeSpan TransportAcceptablePause { get; }

    public Config WatchFailureDetectorConfig { get; }

    public string WatchFailureDetectorImplementationClass { get; }

    public TimeSpan WatchHeartBeatInterval { get; }

    public TimeSpan WatchUnreachableReaperInterval { get; }

    public TimeSpan WatchHeartbeatExpectedResponseAfter { get; }

    private static TimeSpan Positive(Config remote, string key)
    {
        var value = remote.GetTimeSpan(key, allowInfinite: false);
        return value > TimeSpan.Zero ? value : throw new ConfigurationException($"akka.remote.{key} is {value}; it must be more than 0.");
    }
}
