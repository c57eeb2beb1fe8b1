using Akka.Actor;
using Akka.Coordination;
using Akka.Event;

namespace ActorInference.Roles.Coordination;

/// <summary>
/// A lease that is a row of a database: who has it, and until when by the database's clock. The owner renews it, and counts it as lost
/// by its own clock before the database can give it to another. Thread-safe.
/// </summary>
public sealed class SqlLease : Lease, IDisposable
{
    private readonly LeaseTable _table;
    private readonly ILoggingAdapter _log;
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly Lock _lock = new();
    private Holding? _holding;

    /// <exception cref="Akka.Configuration.ConfigurationException">provider-name or connection-string cannot be used.</exception>
    public SqlLease(LeaseSettings settings, ExtendedActorSystem system)
        : base(settings)
    {
        _table = LeaseTable.For(settings.LeaseConfig);
        _log = Logging.GetLogger(system, GetType());
        system.RegisterOnTermination(Dispose);
    }

    public override Task<bool> Acquire() => Acquire(_ => { });

    /// <exception cref="LeaseException">The database could not be asked.</exception>
    public override Task<bool> Acquire(Action<Exception> leaseLostCallback) => InTurnAsync("acquired", async cancellation =>
    {
        if (CheckLease()) return true;
        var askedAt = _clock.GetTimestamp();
        if (!await _table.TryTakeAsync(Settings.LeaseName, Settings.OwnerName, Settings.TimeoutSettings.HeartbeatTimeout, cancellation).ConfigureAwait(false)) return false;
        Begin(new Holding(askedAt, leaseLostCallback));
        return true;
    });

    /// <exception cref="LeaseException">The database could not be asked; the lease expires by itself.</exception>
    public override Task<bool> Release()
    {
        End(Current());   // From now on it is not relied on, whatever the database says.
        return InTurnAsync("released", cancellation => _table.TryGiveBackAsync(Settings.LeaseName, Settings.OwnerName, cancellation));
    }

    public override bool CheckLease() => Current() is { } holding && IsFresh(holding);

    /// <summary>Renews it no more; another owner gets it when it expires.</summary>
    public void Dispose() => End(Current());

    private Holding? Current()
    {
        lock (_lock) return _holding;
    }

    /// <summary>Its renewal was asked for so short a time ago that the database cannot have given it to another.</summary>
    private bool IsFresh(Holding holding) => _clock.GetElapsedTime(holding.RenewedAt) < Settings.TimeoutSettings.HeartbeatTimeout;

    private void Begin(Holding holding)
    {
        lock (_lock) _holding = holding;
        _ = RenewAsync(holding);
    }

    /// <returns>False if it had ended already.</returns>
    private bool End(Holding? holding)
    {
        lock (_lock)
        {
            if (holding is null || _holding != holding) return false;
            _holding = null;
        }

        holding.End.Cancel();
        return true;
    }

    private async Task RenewAsync(Holding holding)
    {
        using var timer = new PeriodicTimer(Settings.TimeoutSettings.HeartbeatInterval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(holding.End.Token).ConfigureAwait(false)) await RenewOnceAsync(holding).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It was given back, or lost.
        }
    }

    private async Task RenewOnceAsync(Holding holding)
    {
        var askedAt = _clock.GetTimestamp();
        try
        {
            var isKept = await InTurnAsync("renewed", cancellation =>
                _table.TryKeepAsync(Settings.LeaseName, Settings.OwnerName, Settings.TimeoutSettings.HeartbeatTimeout, cancellation)).ConfigureAwait(false);
            if (isKept) holding.RenewedAt = askedAt;
            else Lose(holding, null);
        }
        catch (LeaseException e)
        {
            _log.Warning(e, "{0}", e.Message);
            if (!IsFresh(holding)) Lose(holding, e);
        }
    }

    private void Lose(Holding holding, Exception? cause)
    {
        if (!End(holding)) return;
        _log.Warning("Lease [{0}] of [{1}] is lost", Settings.LeaseName, Settings.OwnerName);
        holding.LostCallback(cause!);
    }

    /// <summary>One operation at a time, each with the same limit.</summary>
    private async Task<bool> InTurnAsync(string done, Func<CancellationToken, Task<bool>> operation)
    {
        var limit = Settings.TimeoutSettings.OperationTimeout;
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await _oneAtATime.WaitAsync(deadline.Token).ConfigureAwait(false);
            try
            {
                // SQLite's driver works on the calling thread and knows no cancellation.
                return await Task.Run(() => operation(deadline.Token), deadline.Token).WaitAsync(deadline.Token).ConfigureAwait(false);
            }
            finally
            {
                _oneAtATime.Release();
            }
        }
        catch (OperationCanceledException e)
        {
            throw new LeaseTimeoutException($"Lease [{Settings.LeaseName}] could not be {done} in {_table} within lease-operation-timeout = {limit}.", e);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or InvalidOperationException or IOException or TimeoutException)
        {
            throw new LeaseException($"Lease [{Settings.LeaseName}] could not be {done} in {_table}: {e.Message}", e);
        }
    }

    /// <summary>One time of having it.</summary>
    private sealed class Holding(long renewedAt, Action<Exception> lostCallback)
    {
        private long _renewedAt = renewedAt;

        /// <summary>When the last renewal that succeeded was asked for.</summary>
        public long RenewedAt
        {
            get => Volatile.Read(ref _renewedAt);
            set => Volatile.Write(ref _renewedAt, value);
        }

        public Action<Exception> LostCallback { get; } = lostCallback;

        public CancellationTokenSource End { get; } = new();
    }
}
