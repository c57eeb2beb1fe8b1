using System.Text;

namespace Akka.Hosting;

public enum TriStateValue
{
    None,
    All,
    Some,
}

/// <summary>How many dead letters are logged. What is left null keeps its default.</summary>
public class DeadLetterOptions
{
    /// <summary>For <see cref="TriStateValue.Some"/>, <see cref="LogCount"/> says how many.</summary>
    public TriStateValue ShouldLog { get; set; } = TriStateValue.Some;

    public int LogCount { get; set; } = 10;

    public bool? LogDuringShutdown { get; set; }

    /// <summary>How long none are logged after that many; infinite for ever.</summary>
    public TimeSpan? LogSuspendDuration { get; set; }

    internal void AppendTo(StringBuilder hocon)
    {
        hocon.Append($"log-dead-letters = {ShouldLog switch { TriStateValue.None => "off", TriStateValue.All => "on", _ => LogCount.ToHocon() }}\n");
        if (LogDuringShutdown is { } during) hocon.Append($"log-dead-letters-during-shutdown = {during.ToHocon()}\n");
        if (LogSuspendDuration is { } suspension) hocon.Append($"log-dead-letters-suspend-duration = {suspension.ToHocon(allowInfinite: true)}\n");
    }
}

/// <summary>What the engine itself logs, at debug level. What is left null keeps its default, off.</summary>
public class DebugOptions
{
    public bool? Receive { get; set; }

    public bool? AutoReceive { get; set; }

    public bool? LifeCycle { get; set; }

    public bool? FiniteStateMachine { get; set; }

    public bool? EventStream { get; set; }

    public bool? Unhandled { get; set; }

    public bool? RouterMisconfiguration { get; set; }

    internal void AppendTo(StringBuilder hocon)
    {
        Append("receive", Receive);
        Append("autoreceive", AutoReceive);
        Append("lifecycle", LifeCycle);
        Append("fsm", FiniteStateMachine);
        Append("event-stream", EventStream);
        Append("unhandled", Unhandled);
        Append("router-misconfiguration", RouterMisconfiguration);

        void Append(string key, bool? value)
        {
            if (value is { } given) hocon.Append($"actor.debug.{key} = {given.ToHocon()}\n");
        }
    }
}
