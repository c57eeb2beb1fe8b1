namespace Akka.Pattern;

/// <summary>Something is asked for before what it needs has been done.</summary>
public class IllegalStateException : AkkaException
{
    public IllegalStateException(string message)
        : base(message, null)
    {
    }

    public IllegalStateException(string message, Exception innerEx)
        : base(message, innerEx)
    {
    }
}
