using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.SBR;

/// <summary>Decisions that need a lease.</summary>
internal sealed partial class SplitBrainResolverActor
{
    private bool _isAskingForLease;

    private enum LeaseTick
    {
        Ask,
        Release,
    }

    private sealed record LeaseAnswer(bool IsHeld, Exception Cause);

    private sealed record LeaseReleased(bool IsReleased, Exception Cause);

    private void ResolveByLease(LeaseMajority strategy)
    {
        if (_lease.CheckLease()) Decide(isLeaseHeld: true);
        else if (strategy.IsMinority(Partition.Of(_state))) Timers.StartSingleTimer(LeaseTick.Ask, LeaseTick.Ask, strategy.DelayForMinority);
        else AskForLease();
    }

    private void OnLeaseMessage(object message)
    {
        switch (message)
        {
            case LeaseTick.Ask:
                AskForLease();
                break;
            case LeaseAnswer answer:
                OnLeaseAnswer(answer);
                break;
            case LeaseTick.Release:
                ReleaseWhenSettled();
                break;
            case LeaseReleased { IsReleased: false } failed:
                _log.Warning(failed.Cause, "SBR could not give its lease [{0}] back; it tries again", _lease.Settings.LeaseName);
                ReleaseLater();
                break;
            case LeaseReleased:
                _log.Info("SBR has given its lease [{0}] back", _lease.Settings.LeaseName);
                break;
        }
    }

    private void AskForLease()
    {
        if (_isAskingForLease || !MayDecide()) return;
        _isAskingForLease = true;
        _log.Info("SBR asks for lease [{0}] as [{1}]", _lease.Settings.LeaseName, _lease.Settings.OwnerName);
        Acquire().PipeTo(Self, Self, isHeld => new LeaseAnswer(isHeld, null), cause => new LeaseAnswer(false, cause));
    }

    /// <summary>An implementation may throw before it returns a task.</summary>
    private async Task<bool> Acquire() => await _lease.Acquire().ConfigureAwait(false);

    private async Task<bool> Release() => await _lease.Release().ConfigureAwait(false);

    /// <summary>The network may have healed, or changed otherwise, while the lease was asked for: what is so now counts.</summary>
    private void OnLeaseAnswer(LeaseAnswer answer)
    {
        _isAskingForLease = false;
        if (answer.Cause is not null)
            _log.Error(answer.Cause, "SBR could not find out whether it may have lease [{0}], so this side must not go on: {1}", _lease.Settings.LeaseName, answer.Cause.Message);
        if (answer.IsHeld) ReleaseLater();
        if (MayDecide()) Decide(answer.IsHeld);
    }

    private void Decide(bool isLeaseHeld)
    {
        var partition = Partition.Of(_state);
        Carry(partition, isLeaseHeld ? _settings.Strategy.Decide(partition) : partition.Reachable, isLeaseHeld ? "with the lease" : "without the lease");
        if (isLeaseHeld) ReleaseLater();
    }

    private void ReleaseLater() => Timers.StartSingleTimer(LeaseTick.Release, LeaseTick.Release, ((LeaseMajority)_settings.Strategy).ReleaseAfter);

    /// <summary>As long as lost members are there, another decision may follow.</summary>
    private void ReleaseWhenSettled()
    {
        if (_state.UnreachableMembers.Any()) ReleaseLater();
        else Release().PipeTo(Self, Self, isReleased => new LeaseReleased(isReleased, null), cause => new LeaseReleased(false, cause));
    }
}
