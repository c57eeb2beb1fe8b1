namespace Akka.Remote;

/// <summary>A fault of one connection to another system.</summary>
public class EndpointException : AkkaException
{
    public EndpointException(string message, Exception cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>A message has more bytes than <c>maximum-frame-size</c> allows.</summary>
public sealed class OversizedPayloadException(string message) : EndpointException(message);

/// <summary>Remoting could not start, or cannot do what it is asked.</summary>
public class RemoteTransportException(string message, Exception cause = null) : AkkaException(message, cause);
