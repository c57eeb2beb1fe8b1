namespace Akka.Actor.Internal;

/// <summary>How often a child was restarted, within the window that its supervisor sets.</summary>
public sealed class ChildRestartStats(IInternalActorRef child)
{
    private int _restarts;
    private long _windowStart = -1;   // Milliseconds; -1 before the first restart.

    public IInternalActorRef Child { get; } = child;

    public long Uid => Child.Path.Uid;

    /// <summary>Counts a restart. False if it is one too many.</summary>
    /// <param name="maxNrOfRetries">Restarts allowed within the window; negative for no limit.</param>
    /// <param name="withinTimeMilliseconds">The window; 0 or negative for all time.</param>
    public bool RequestRestartPermission(int maxNrOfRetries, int withinTimeMilliseconds)
    {
        if (maxNrOfRetries == 0) return false;
        if (withinTimeMilliseconds <= 0) return maxNrOfRetries < 0 || ++_restarts <= maxNrOfRetries;

        var allowed = maxNrOfRetries < 0 ? 1 : maxNrOfRetries;
        var now = Environment.TickCount64;
        if (_windowStart < 0 || now - _windowStart > withinTimeMilliseconds)
        {
            (_windowStart, _restarts) = (now, 1);
            return true;
        }

        return ++_restarts <= allowed;
    }
}
