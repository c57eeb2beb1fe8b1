namespace Akka.Actor;

/// <summary>How something went, as a message.</summary>
public abstract class Status
{
    private Status()
    {
    }

    public sealed class Success(object status) : Status
    {
        public static readonly Success Instance = new(null);

        public object Status { get; } = status;

        public override string ToString() => Status is null ? "Success" : $"Success: {Status}";
    }

    /// <summary>As the answer to an Ask it faults the task.</summary>
    public sealed class Failure : Status
    {
        public Failure(Exception cause)
        {
            Cause = cause;
        }

        public Failure(Exception cause, object state)
        {
            Cause = cause;
            State = state;
        }

        public Exception Cause { get; }

        public object State { get; }

        public override string ToString() => State is null ? $"Failure: {Cause}" : $"Failure: {Cause} (State: {State})";
    }
}
