namespace Akka.Remote.Wire;

/// <summary>What a frame is. The numbers are the wire's: append, never reuse.</summary>
internal enum FrameKind : byte
{
    /// <summary>First on a connection, from who dials: who it is, and whom it means.</summary>
    Hello = 1,

    /// <summary>The answer: who it is that was reached.</summary>
    Welcome = 2,

    /// <summary>The other answer: why not.</summary>
    Refused = 3,

    /// <summary>A message of users.</summary>
    Message = 4,

    /// <summary>A numbered message between the engines.</summary>
    SystemMessage = 5,

    /// <summary>Up to which number system messages have been handled.</summary>
    Ack = 6,

    Heartbeat = 7,

    HeartbeatAck = 8,

    /// <summary>Last on a connection: the sender shuts down.</summary>
    Goodbye = 9,

    /// <summary>The receiver's system will never be listened to again.</summary>
    Quarantined = 10,
}
