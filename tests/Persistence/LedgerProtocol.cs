namespace ActorInference.Persistence.Tests;

/// <summary>What a <see cref="Ledger"/> is told, keeps, and answers.</summary>
public static class LedgerProtocol
{
    /// <summary>Persist; answered with <see cref="Done"/>.</summary>
    public sealed record Book(int Amount);

    /// <summary>PersistAll; answered with one <see cref="Done"/> after the last.</summary>
    public sealed record BookAll(int[] Amounts);

    /// <summary>PersistAsync; answered with <see cref="Done"/>.</summary>
    public sealed record BookAsync(int Amount);

    /// <summary>Persist, and fail in the handler of the event.</summary>
    public sealed record BookAndFail(int Amount);

    /// <summary>Answered with <see cref="Done"/> or <see cref="NotDone"/>.</summary>
    public sealed record TakeSnapshot;

    /// <summary>Answered with <see cref="Done"/> or <see cref="NotDone"/>.</summary>
    public sealed record Forget(long ToSequenceNr);

    /// <summary>Answered with <see cref="Done"/> or <see cref="NotDone"/>.</summary>
    public sealed record ForgetSnapshots;

    public sealed record GetState;

    public sealed record Fail;

    public sealed record Booked(int Amount);

    public sealed record Entries(int[] Amounts);

    public sealed record Done(long SequenceNr);

    public sealed record NotDone(string Reason);

    public sealed record State(int[] Amounts, long SequenceNr);
}

/// <summary>A failure that a test provokes.</summary>
public sealed class TestFailure(string message) : Exception(message);
