namespace Akka.Event;

/// <summary>Puts arguments into a log format.</summary>
public interface ILogMessageFormatter
{
    string Format(string format, params object[] args);

    string Format(string format, IEnumerable<object> args);
}

/// <summary>By <see cref="string.Format(string, object[])"/>: <c>{0}</c>, <c>{1}</c> and so on.</summary>
public sealed class DefaultLogMessageFormatter : ILogMessageFormatter
{
    public static readonly DefaultLogMessageFormatter Instance = new();

    public string Format(string format, params object[] args) => string.Format(format, args);

    public string Format(string format, IEnumerable<object> args) => string.Format(format, [.. args]);
}

/// <summary>A format and its arguments, put together only if somebody reads them.</summary>
public abstract class LogMessage
{
    protected readonly ILogMessageFormatter Formatter;

    protected LogMessage(ILogMessageFormatter formatter, string format)
    {
        Formatter = formatter;
        Format = format;
    }

    public string Format { get; }

    /// <summary>The text before any argument is put in.</summary>
    public abstract string Unformatted();

    public abstract IEnumerable<object> Parameters();
}

internal sealed class DefaultLogMessage(ILogMessageFormatter formatter, string format, object[] args) : LogMessage(formatter, format)
{
    private string _text;

    public override IEnumerable<object> Parameters() => args;

    public override string Unformatted() => $"{Format}, args: {string.Join(", ", args)}";

    public override string ToString()
    {
        if (_text is not null) return _text;
        try
        {
            return _text = Formatter.Format(Format, args);
        }
        catch (FormatException e)
        {
            // A slip in a log line must not take down the actor that logs. The line says what is wrong with it.
            return _text = $"[bad log format: {e.Message}] {Unformatted()}";
        }
    }
}
