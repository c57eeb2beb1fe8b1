namespace Akka.Coordination;

/// <summary>
/// Something that at most one owner has at a time, kept by a third party that all can reach. An implementation has a public
/// constructor (LeaseSettings, ExtendedActorSystem) or (LeaseSettings).
/// </summary>
public abstract class Lease
{
    protected Lease(LeaseSettings settings) => Settings = settings;

    public LeaseSettings Settings { get; }

    /// <summary>Tries to get it. False if another owner has it.</summary>
    /// <exception cref="LeaseException">It could not be found out; it is not had.</exception>
    public abstract Task<bool> Acquire();

    /// <summary>Tries to get it.</summary>
    /// <param name="leaseLostCallback">Called when it is lost afterwards; with null if no exception is the reason.</param>
    public abstract Task<bool> Acquire(Action<Exception> leaseLostCallback);

    /// <summary>Gives it back. False if that could not be done: another owner gets it when it expires.</summary>
    public abstract Task<bool> Release();

    /// <summary>Whether it is had, as far as is known here. Asks nobody.</summary>
    public abstract bool CheckLease();
}
