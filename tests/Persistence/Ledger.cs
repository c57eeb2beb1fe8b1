using Akka.Actor;
using Akka.Persistence;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests;

/// <summary>A persistent list of amounts.</summary>
public sealed class Ledger : ReceivePersistentActor
{
    private readonly List<int> _entries = [];
    private readonly Recovery _recovery;
    private IActorRef _asker = ActorRefs.Nobody;

    public Ledger(string persistenceId)
        : this(persistenceId, Recovery.Default)
    {
    }

    public Ledger(string persistenceId, Recovery recovery)
    {
        PersistenceId = persistenceId;
        _recovery = recovery;
        Recover<Booked>(Apply);
        Recover<SnapshotOffer>(offer => _entries.AddRange(((Entries)offer.Snapshot).Amounts));
        Writes();
        Stores();
        Command<GetState>(_ => Sender.Tell(new State([.. _entries], LastSequenceNr)));
        Command<Fail>(_ => throw new TestFailure("asked to fail"));
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery => _recovery;

    private void Writes()
    {
        Command<Book>(book => Persist(new Booked(book.Amount), booked =>
        {
            Apply(booked);
            Sender.Tell(new Done(LastSequenceNr));
        }));
        Command<BookAll>(book =>
        {
            var left = book.Amounts.Length;
            PersistAll(book.Amounts.Select(amount => new Booked(amount)), booked =>
            {
                Apply(booked);
                if (--left == 0) Sender.Tell(new Done(LastSequenceNr));
            });
        });
        Command<BookAsync>(book => PersistAsync(new Booked(book.Amount), booked =>
        {
            Apply(booked);
            Sender.Tell(new Done(LastSequenceNr));
        }));
        Command<BookAndFail>(book => Persist(new Booked(book.Amount), _ => throw new TestFailure("after the event")));
    }

    private void Stores()
    {
        Command<TakeSnapshot>(_ =>
        {
            _asker = Sender;
            SaveSnapshot(new Entries([.. _entries]));
        });
        Command<SaveSnapshotSuccess>(saved => _asker.Tell(new Done(saved.Metadata.SequenceNr)));
        Command<SaveSnapshotFailure>(failed => _asker.Tell(new NotDone(failed.Cause.Message)));
        Command<Forget>(forget =>
        {
            _asker = Sender;
            DeleteMessages(forget.ToSequenceNr);
        });
        Command<DeleteMessagesSuccess>(deleted => _asker.Tell(new Done(deleted.ToSequenceNr)));
        Command<DeleteMessagesFailure>(failed => _asker.Tell(new NotDone(failed.Cause.Message)));
        Command<ForgetSnapshots>(_ =>
        {
            _asker = Sender;
            DeleteSnapshots(SnapshotSelectionCriteria.Latest);
        });
        Command<DeleteSnapshotsSuccess>(deleted => _asker.Tell(new Done(deleted.Criteria.MaxSequenceNr)));
        Command<DeleteSnapshotsFailure>(failed => _asker.Tell(new NotDone(failed.Cause.Message)));
    }

    private void Apply(Booked booked) => _entries.Add(booked.Amount);
}
