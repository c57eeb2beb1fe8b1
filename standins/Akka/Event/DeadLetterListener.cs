using Akka.Actor;

namespace Akka.Event;

/// <summary>
/// Logs messages that found no receiver, up to <c>akka.log-dead-letters</c> of them; then again after the suspension of
/// <c>akka.log-dead-letters-suspend-duration</c>.
/// </summary>
public class DeadLetterListener : ActorBase
{
    private readonly EventStream _eventStream = Context.System.EventStream;
    private readonly int _maxCount = Context.System.Settings.LogDeadLetters;
    private readonly TimeSpan _suspension = Context.System.Settings.LogDeadLettersSuspendDuration;
    private int _count;
    private long _suspendedUntil;   // Milliseconds; 0 while not suspended.

    protected override void PreStart() => _eventStream.Subscribe(Self, typeof(AllDeadLetters));

    protected override void PostStop() => _eventStream.Unsubscribe(Self);

    protected override bool Receive(object message)
    {
        if (message is not AllDeadLetters letter) return false;
        if (letter is SuppressedDeadLetter) return true;
        if (_suspendedUntil > 0)
        {
            if (Environment.TickCount64 < _suspendedUntil) return true;
            (_suspendedUntil, _count) = (0, 0);
        }

        _count++;
        if (_maxCount == int.MaxValue || _count < _maxCount) Log(letter, "");
        else if (_suspension == Timeout.InfiniteTimeSpan) LogLastOfAll(letter);
        else LogLastBeforeSuspension(letter);
        return true;
    }

    private void LogLastOfAll(AllDeadLetters letter)
    {
        Log(letter, ", no more dead letters will be logged");
        Context.Stop(Self);
    }

    private void LogLastBeforeSuspension(AllDeadLetters letter)
    {
        Log(letter, $", no more dead letters will be logged in next [{_suspension}]");
        _suspendedUntil = Environment.TickCount64 + (long)_suspension.TotalMilliseconds;
    }

    private void Log(AllDeadLetters letter, string done)
    {
        var dropped = letter is Dropped { Reason: var reason } ? $" was dropped ({reason})" : " was not delivered";
        var from = letter.Sender is null || ReferenceEquals(letter.Sender, Context.System.DeadLetters) ? "" : $" from {letter.Sender}";
        _eventStream.Publish(new Info(
            letter.Recipient.Path.ToString(),
            letter.Recipient.GetType(),
            $"Message [{letter.Message.GetType().Name}]{from} to {letter.Recipient}{dropped}. [{_count}] dead letters encountered{done}. "
            + "This logging can be turned off or adjusted with configuration settings 'akka.log-dead-letters' and "
            + $"'akka.log-dead-letters-during-shutdown'. Message content: {letter.Message}"));
    }
}
