using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Gpu.Workers;

/// <summary>Pages that come and go: those of other workers are landed, filled ones sent, and held until their receiver has them.</summary>
public sealed partial class GpuWorkerActor
{
    private void Land(KvTransferProtocol.KvPages message)
    {
        if (!_jobs.TryGet(message.Attempt, out var job))
        {
            Sender.Tell(new KvTransferProtocol.PagesRefused(message.Transfer));
            return;
        }

        if (message.Pool != Pool.Id && message.Remote is not null && _options.Courier is { } courier)
        {
            courier.Tell(new KvTransferProtocol.Fetch(message, Sender));
            return;
        }

        if (TryTake(message, job))
        {
            Sender.Tell(new KvTransferProtocol.PagesLanded(message.Transfer));
            if (message.NextToken is null) TellStage(job.Job, GenerationProtocol.JobStage.Working);
            StepSoon();
            return;
        }

        Sender.Tell(new KvTransferProtocol.PagesRefused(message.Transfer));
        LoseIfHere(message.Attempt, $"Pages from {message.FirstPage} on did not fit the sequence.");
    }

    private bool TryTake(KvTransferProtocol.KvPages message, ActiveJob job)
    {
        if (message.Pool != Pool.Id) return false;
        var pages = new int[message.Pages.Length];
        for (var i = 0; i < pages.Length; i++)
        {
            var (page, generation) = message.Pages[i];
            if (!Pool.TryAddReference(page, generation))
            {
                Pool.Release(pages.AsSpan(0, i));
                return false;
            }

            pages[i] = page;
        }

        if (!_engine.TryLand(job.Sequence, message.FirstPage, pages))
        {
            Pool.Release(pages);
            return false;
        }

        job.Trace?.Landed(pages.Length);
        return message.NextToken is not { } token || TryJoin(job, token);
    }

    private bool TryJoin(ActiveJob job, int token)
    {
        job.OutputTokens++;   // Before it joins, since it may end at once.
        job.Trace?.Enter(JobPhases.Decode);
        return _engine.TryJoin(job.Sequence, token);
    }

    /// <summary>Sends what can be sent; a job whose last page is out is over.</summary>
    private void Ship(ActiveJob job)
    {
        var outbox = job.Outbox!;
        if (outbox.Take() is not { } taken) return;
        job.Trace?.Sent(taken.Pages.Length);
        Send(job.Job.Attempt, outbox.Target!, taken.FirstPage, taken.Pages, outbox.NextToken);
        if (outbox.IsComplete) End(job);
    }

    private void Send(AttemptId attempt, IActorRef target, int firstPage, int[] pages, int? nextToken)
    {
        if (_watched.Add(target)) Context.Watch(target);
        var references = ImmutableArray.CreateBuilder<KvPageReference>(pages.Length);
        foreach (var page in pages) references.Add(new KvPageReference(page, Pool.Generation(page)));
        var remote = target.Path.Address.HasGlobalScope ? DescribeRemotely(pages) : null;
        var transfer = _transit.TakeOver(target, pages);
        target.Tell(new KvTransferProtocol.KvPages(attempt, transfer, Pool.Id, firstPage, references.MoveToImmutable(), nextToken, remote));
    }

    /// <summary>Checksums only for pages that leave the process: within it nothing can change them on the way.</summary>
    private KvTransferProtocol.RemotePages? DescribeRemotely(ReadOnlySpan<int> pages)
    {
        if (_options.Source is not { } source) return null;
        var checksums = new uint[pages.Length];
        Pool.Sum(pages, checksums);
        return new KvTransferProtocol.RemotePages(source, ImmutableCollectionsMarshal.AsImmutableArray(checksums));
    }

    private void Forget(IActorRef receiver)
    {
        _watched.Remove(receiver);
        _transit.ReleaseFor(receiver);
        StepSoon();
    }

    private void Forget(Address peer)
    {
        _watched.RemoveWhere(receiver => receiver.Path.Address.Equals(peer));
        _transit.ReleaseFor(peer);
        ShowPages();
        StepSoon();
    }

    private void ReleaseTransfer(long transfer)
    {
        _transit.Release(transfer);
        ShowPages();
    }

    private void SweepTransit()
    {
        var dropped = _transit.ReleaseOlderThan(_options.TransferDeadline);
        if (dropped > 0) _log.Warning("{0} page transfers had no answer within {1}; their pages are back.", dropped, _options.TransferDeadline);
    }
}
