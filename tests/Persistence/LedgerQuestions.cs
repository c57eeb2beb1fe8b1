using Akka.Actor;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests;

/// <summary>What tests ask ledgers, each with a deadline.</summary>
internal static class LedgerQuestions
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static IActorRef StartLedger(this IActorRefFactory factory, string persistenceId) =>
        factory.ActorOf(Props.Create(() => new Ledger(persistenceId)));

    /// <summary>Asks, expects <see cref="Done"/>, and returns its sequence number.</summary>
    public static async Task<long> Do(this IActorRef ledger, object command)
    {
        var answer = await ledger.Ask<object>(command, Deadline);
        return Assert.IsType<Done>(answer).SequenceNr;
    }

    public static Task<State> StateOf(this IActorRef ledger) => ledger.Ask<State>(new GetState(), Deadline);

    public static async Task<IReadOnlyList<int>> AmountsOf(this IActorRef ledger) => (await ledger.StateOf()).Amounts;
}
