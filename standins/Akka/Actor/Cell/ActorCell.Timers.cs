using Akka.Actor.Scheduler;

namespace Akka.Actor;

public partial class ActorCell
{
    /// <summary>Replaces a timer's signal by the user's message. False if the timer was cancelled or started anew meanwhile.</summary>
    private bool TakeTimerMessage(ITimerMsg timer, out object message)
    {
        message = null;
        if (_actor is not IWithTimers { Timers: TimerScheduler timers } || !timers.TryTake(timer, out message)) return false;
        CurrentMessage = message;
        return true;
    }
}
