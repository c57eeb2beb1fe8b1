using Akka.Event;

namespace Akka.TestKit.Internal;

/// <summary>Takes some log events out of the log.</summary>
public abstract class EventFilterBase
{
    /// <summary>Raised for each event taken, on the listener's thread.</summary>
    internal event Action Matched;

    public bool Apply(LogEvent logEvent)
    {
        if (!IsMatch(logEvent)) return false;
        Matched?.Invoke();
        return true;
    }

    protected abstract bool IsMatch(LogEvent evt);
}

/// <summary>By any predicate.</summary>
internal sealed class CustomFilter(Predicate<LogEvent> predicate, string description) : EventFilterBase
{
    public override string ToString() => description;

    protected override bool IsMatch(LogEvent evt) => predicate(evt);
}

/// <summary>By level, and perhaps text and source.</summary>
internal sealed class LevelFilter(LogLevel level, TextMatcher message, TextMatcher source) : EventFilterBase
{
    public override string ToString() => $"{level.ToString().Replace("Level", "", StringComparison.Ordinal)}{message.Describe("message")}{source.Describe("source")}";

    protected override bool IsMatch(LogEvent evt) =>
        evt.LogLevel() == level && source.IsMatch(evt.LogSource) && message.IsMatch(evt.Message?.ToString() ?? "");
}

/// <summary>Errors by the type of their exception, and perhaps text and source.</summary>
internal sealed class ExceptionFilter(Type type, TextMatcher message, TextMatcher source, bool checkInner) : EventFilterBase
{
    public override string ToString() => $"{type.Name}{message.Describe("message")}{source.Describe("source")}";

    protected override bool IsMatch(LogEvent evt) =>
        evt is Error && evt.Cause is not null && source.IsMatch(evt.LogSource) && Fits(evt.Cause, evt.Message?.ToString());

    private bool Fits(Exception cause, string logged)
    {
        if (type.IsInstanceOfType(cause) && (message.IsMatch(cause.Message) || (logged is not null && message.IsMatch(logged)))) return true;
        return checkInner && cause.InnerException is { } inner && Fits(inner, null);
    }
}

/// <summary>Dead letters, which the listener brings as warnings.</summary>
internal sealed class DeadLettersFilter(Type type, Func<object, bool> isMatch, TextMatcher source) : EventFilterBase
{
    public override string ToString() => $"DeadLetter of {type?.Name ?? "any type"}{source.Describe("source")}";

    protected override bool IsMatch(LogEvent evt) =>
        evt.Message is DeadLetter letter
        && source.IsMatch(evt.LogSource)
        && (type is null || type.IsInstanceOfType(letter.Message))
        && (isMatch is null || isMatch(letter.Message));
}
