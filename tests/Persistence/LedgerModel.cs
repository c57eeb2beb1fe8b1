using Akka.Actor;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests;

/// <summary>Does random things to one ledger, and knows what must be in it.</summary>
internal sealed class LedgerModel(string persistenceId, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<int> _amounts = [];
    private ActorSystem? _system;
    private IActorRef _ledger = ActorRefs.Nobody;
    private long _sequenceNr;
    private long _snapshot;

    /// <summary>Starts the ledger in a system, a new one perhaps.</summary>
    public void Start(ActorSystem system)
    {
        _system = system;
        _ledger = system.StartLedger(persistenceId);
    }

    public async Task Step()
    {
        switch (_random.Next(12))
        {
            case < 4: await Booking([Amount()], amounts => new Book(amounts[0])); break;
            case < 6: await Booking([.. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Amount())], amounts => new BookAll(amounts)); break;
            case 6: await Booking([Amount()], amounts => new BookAsync(amounts[0])); break;
            case 7: _snapshot = await _ledger.Do(new TakeSnapshot()); break;
            case 8: await Forgetting(); break;
            case 9: _ledger.Tell(new Fail()); break;
            case 10: BookingAndFailing(); break;
            default: await Restart(); break;
        }
    }

    public async Task Check()
    {
        var state = await _ledger.StateOf();
        Assert.Equal(_amounts, state.Amounts);
        Assert.Equal(_sequenceNr, state.SequenceNr);
    }

    private int Amount() => _random.Next(100);

    private async Task Booking(int[] amounts, Func<int[], object> command)
    {
        _amounts.AddRange(amounts);
        _sequenceNr += amounts.Length;
        Assert.Equal(_sequenceNr, await _ledger.Do(command(amounts)));
    }

    private void BookingAndFailing()
    {
        var amount = Amount();
        _amounts.Add(amount);
        _sequenceNr++;
        _ledger.Tell(new BookAndFail(amount));
    }

    /// <summary>Only what a snapshot holds is deleted, so the state stays.</summary>
    private async Task Forgetting()
    {
        if (_snapshot > 0) await _ledger.Do(new Forget(_random.NextInt64(1, _snapshot + 1)));
    }

    public async Task Restart()
    {
        await Check();   // Commands that still wait are lost when an actor stops.
        Assert.True(await _ledger.GracefulStop(LedgerQuestions.Deadline));
        Start(_system!);
        await Check();
    }
}
