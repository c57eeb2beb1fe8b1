using Akka.Actor;

namespace Akka.Pattern;

/// <summary>Options for a supervisor that waits longer and longer before it starts its child again.</summary>
public static class Backoff
{
    /// <summary>Backs off when the child fails (throws).</summary>
    /// <param name="minBackoff">The first wait; it doubles up to <paramref name="maxBackoff"/>.</param>
    /// <param name="randomFactor">0 to 1: up to this part of the wait is added at random, so that many do not start at once.</param>
    /// <param name="maxNrOfRetries">Restarts before the supervisor stops; -1 for no limit.</param>
    public static BackoffOptions OnFailure(
        Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        new(RestartImpliedBy.Failure, childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries);

    /// <summary>Backs off when the child stops.</summary>
    public static BackoffOptions OnStop(
        Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        new(RestartImpliedBy.Stop, childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries);
}

internal enum RestartImpliedBy
{
    Failure,
    Stop,
}

/// <summary>Immutable; each With makes a copy.</summary>
public sealed record BackoffOptions
{
    internal BackoffOptions(
        RestartImpliedBy by, Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries)
    {
        if (minBackoff <= TimeSpan.Zero) throw new ArgumentException($"minBackoff is {minBackoff}; it must be positive.", nameof(minBackoff));
        if (maxBackoff < minBackoff) throw new ArgumentException($"maxBackoff is {maxBackoff}; it must be at least minBackoff, {minBackoff}.", nameof(maxBackoff));
        if (randomFactor is < 0 or > 1) throw new ArgumentException($"randomFactor is {randomFactor}; it must be 0 to 1.", nameof(randomFactor));
        By = by;
        ChildProps = childProps;
        ChildName = childName;
        MinBackoff = minBackoff;
        MaxBackoff = maxBackoff;
        RandomFactor = randomFactor;
        AutoResetAfter = minBackoff;
        Strategy = new OneForOneStrategy(maxNrOfRetries, -1, SupervisorStrategy.DefaultDecider);
    }

    internal RestartImpliedBy By { get; }

    internal Props ChildProps { get; }

    internal string ChildName { get; }

    internal TimeSpan MinBackoff { get; }

    internal TimeSpan MaxBackoff { get; }

    internal double RandomFactor { get; }

    /// <summary>How long the child must live until the count starts anew; null if only <see cref="BackoffSupervisor.Reset"/> does that.</summary>
    internal TimeSpan? AutoResetAfter { get; private init; }

    internal OneForOneStrategy Strategy { get; private init; }

    internal object ReplyWhileStopped { get; private init; }

    internal Func<object, bool> FinalStopMessage { get; private init; }

    internal Props Props => By == RestartImpliedBy.Failure
        ? Actor.Props.Create(() => new BackoffOnRestartSupervisor(this))
        : Actor.Props.Create(() => new BackoffSupervisor(this));

    public BackoffOptions WithAutoReset(TimeSpan resetBackoff) => this with { AutoResetAfter = resetBackoff };

    public BackoffOptions WithManualReset() => this with { AutoResetAfter = null };

    public BackoffOptions WithSupervisorStrategy(OneForOneStrategy supervisorStrategy) => this with { Strategy = supervisorStrategy };

    /// <summary>Any failure stops the child.</summary>
    public BackoffOptions WithDefaultStoppingStrategy() => this with
    {
        Strategy = new OneForOneStrategy(Strategy.MaxNumberOfRetries, Strategy.WithinTimeRangeMilliseconds, _ => Directive.Stop),
    };

    public BackoffOptions WithMaxNrOfRetries(int maxNrOfRetries) => this with
    {
        Strategy = new OneForOneStrategy(maxNrOfRetries, Strategy.WithinTimeRangeMilliseconds, Strategy.Decider),
    };

    /// <summary>Answers, while there is no child, with this; without it messages become dead letters.</summary>
    public BackoffOptions WithReplyWhileStopped(object replyWhileStopped) => this with { ReplyWhileStopped = replyWhileStopped };

    /// <summary>Of a child that stops itself: after such a message its end is meant, and ends the supervisor too.</summary>
    public BackoffOptions WithFinalStopMessage(Func<object, bool> isFinalStopMessage) => this with { FinalStopMessage = isFinalStopMessage };
}
