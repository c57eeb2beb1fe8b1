using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// One device: the only one that touches its runner. Runs on a thread of its own, one engine step after another, with
/// whatever has arrived taken in between two steps. Its parent gives it jobs and hears how they end; the generations
/// hear of everything else. When it stops or restarts, every page that it held is back in the pool.
/// </summary>
public sealed class GpuWorkerActor : ReceiveActor, IWithTimers
{
    /// <summary>How soon an engine that waits for pages looks again: others release them without telling.</summary>
    private static readonly TimeSpan StarvedRetry = TimeSpan.FromMilliseconds(5);

    private readonly GpuWorkerOptions _options;
    private readonly Guid _incarnation = Guid.NewGuid();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly JobTable _jobs = new();
    private readonly HashSet<IActorRef> _watched = [];
    private readonly Events _events;
    private IModelRunner _runner = null!;
    private InferenceEngine _engine = null!;
    private PageTransit _transit = null!;
    private IPrefixCache? _cache;
    private readonly Dictionary<AttemptId, IWorkerJob> _fetching = [];
    private readonly SaltedNamespaces _spaces;
    private bool _stepIsDue;

    public GpuWorkerActor(GpuWorkerOptions options)
    {
        _options = options;
        _events = new Events(this);
        _spaces = new SaltedNamespaces(options.Namespace);
        Receive<Step>(_ => RunStep());
        Receive<WorkerProtocol.Run>(run => Begin(run));
        Receive<WorkerProtocol.Cancel>(cancel => Cancel(cancel.Attempt));
        Receive<KvTransferProtocol.KvPages>(Land);
        Receive<KvTransferProtocol.PagesLanded>(landed => _transit.Release(landed.Transfer));
        Receive<KvTransferProtocol.PagesRefused>(refused => _transit.Release(refused.Transfer));
        Receive<KvTransferProtocol.FetchFailed>(failed => LoseIfHere(failed.Attempt, failed.Message));
        Receive<Terminated>(terminated => Forget(terminated.ActorRef));
        Receive<Prefetched>(prefetched => Fetched(prefetched.Attempt));
        Receive<WorkerProtocol.FlushCache>(_ => Flush());
        Receive<Sweep>(_ => SweepTransit());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private KvPagePool Pool => _runner.Pages;

    public static Props Props(GpuWorkerOptions options) =>
        Akka.Actor.Props.Create(() => new GpuWorkerActor(options)).WithDispatcher(GpuWorkerOptions.Dispatcher);

    protected override void PreStart()
    {
        _runner = _options.CreateRunner();
        _transit = new PageTransit(Pool, TimeProvider.System);
        _cache = _options.CreateCache?.Invoke(_runner);
        _engine = new InferenceEngine(_runner, _options.Engine, _events, TimeProvider.System, _cache, _options.Tier);
        Timers.StartPeriodicTimer(nameof(Sweep), Sweep.Instance, _options.TransferDeadline / 4);
        Context.Parent.Tell(new WorkerProtocol.Ready(_incarnation, _engine.MaxSequenceTokens));
    }

    /// <summary>Called on stop, and through PreRestart on restart.</summary>
    protected override void PostStop()
    {
        // Where PreStart failed there is nothing yet.
        _engine?.ReleaseAll();
        _cache?.Clear();
        _transit?.ReleaseAll();
        _runner?.Dispose();
        base.PostStop();
    }

    private void Begin(WorkerProtocol.Run run)
    {
        var job = run.Job;
        if (run.Incarnation != _incarnation || _jobs.Has(job.Attempt) || _fetching.ContainsKey(job.Attempt)) return;
        if (job is PrefillProtocol.Start && Prefetch(job) is { } arrival)
        {
            _fetching.Add(job.Attempt, job);
            arrival.PipeTo(Self, Self, () => new Prefetched(job.Attempt));
            return;
        }

        Add(job);
    }

    private Task? Prefetch(IWorkerJob job)
    {
        if (_options.Prefetch is not { } prefetch) return null;
        var space = _spaces.Of(job.CacheSalt);
        return prefetch.Begin(space, job.PromptIds.AsMemory(), _engine.CachedTokens(space, job.PromptIds.AsSpan()), _engine.SecondsPerPromptToken);
    }

    private void Fetched(AttemptId attempt)
    {
        if (_fetching.Remove(attempt, out var job)) Add(job);
    }

    private void Flush()
    {
        _cache?.Clear();
        _options.Tier?.Clear();
        Sender.Tell(WorkerProtocol.CacheFlushed.Instance);
    }

    private void Add(IWorkerJob job)
    {
        var mode = job is PrefillProtocol.Start ? SequenceMode.Prefill : SequenceMode.Decode;
        try
        {
            var id = _engine.Add(new SequenceSpec(job.PromptIds, job.OutputIds, job.Sampling, mode) { Space = _spaces.Of(job.CacheSalt) });
            _jobs.Add(new ActiveJob(job, id));
        }
        catch (ArgumentException invalid)
        {
            job.ReplyTo.Tell(new GenerationProtocol.Rejected(job.Attempt, invalid.Message));
            Context.Parent.Tell(new WorkerProtocol.Ended(job.Attempt));
            return;
        }

        StepSoon();
    }

    private void Cancel(AttemptId attempt)
    {
        if (_fetching.Remove(attempt)) Context.Parent.Tell(new WorkerProtocol.Ended(attempt));
        if (!_jobs.TryGet(attempt, out var job)) return;
        _engine.Cancel(job!.Sequence);
        End(job);
        StepSoon();   // Its place and pages may be what another waits for.
    }

    private void End(ActiveJob job)
    {
        _jobs.Remove(job);
        Context.Parent.Tell(new WorkerProtocol.Ended(job.Job.Attempt));
    }

    private void RunStep()
    {
        _stepIsDue = false;
        var didWork = true;
        try
        {
            didWork = _engine.Step().DidWork;
        }
        finally
        {
            _events.TellToken();
            // Also after a refused batch, from which the supervisor lets this instance go on.
            if (didWork) StepSoon();
            else if (_engine.HasWork) Timers.StartSingleTimer(nameof(Step), Step.Instance, StarvedRetry);
        }
    }

    private void StepSoon()
    {
        if (_stepIsDue || !_engine.HasWork) return;
        _stepIsDue = true;
        Self.Tell(Step.Instance);
    }

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

        if (TryTake(message, job!))
        {
            Sender.Tell(new KvTransferProtocol.PagesLanded(message.Transfer));
            StepSoon();
            return;
        }

        Sender.Tell(new KvTransferProtocol.PagesRefused(message.Transfer));
        LoseIfHere(message.Attempt, $"Pages from {message.FirstPage} on did not fit the sequence.");
    }

    private void LoseIfHere(AttemptId attempt, string reason)
    {
        if (!_jobs.TryGet(attempt, out var job)) return;
        _engine.Cancel(job!.Sequence);
        job.Job.ReplyTo.Tell(new GenerationProtocol.Lost(attempt, _options.Worker, reason));
        End(job);
        StepSoon();
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

        return message.NextToken is not { } token || TryJoin(job, token);
    }

    private bool TryJoin(ActiveJob job, int token)
    {
        job.OutputTokens++;   // Before it joins, since it may end at once.
        return _engine.TryJoin(job.Sequence, token);
    }

    private void Ship(ActiveJob job, int firstPage, ReadOnlySpan<int> pages, int? nextToken)
    {
        var target = ((PrefillProtocol.Start)job.Job).PageTarget;
        if (_watched.Add(target)) Context.Watch(target);
        var references = ImmutableArray.CreateBuilder<KvPageReference>(pages.Length);
        foreach (var page in pages) references.Add(new KvPageReference(page, Pool.Generation(page)));
        var transfer = _transit.Hold(target, pages);
        var remote = target.Path.Address.HasGlobalScope ? DescribeRemotely(pages) : null;
        target.Tell(new KvTransferProtocol.KvPages(
            job.Job.Attempt, transfer, Pool.Id, firstPage, references.MoveToImmutable(), nextToken, remote));
    }

    /// <summary>Checksums only for pages that leave the process: within it nothing can change them on the way.</summary>
    private KvTransferProtocol.RemotePages? DescribeRemotely(ReadOnlySpan<int> pages)
    {
        if (_options.Source is not { } source) return null;
        var checksums = ImmutableArray.CreateBuilder<uint>(pages.Length);
        foreach (var page in pages) checksums.Add(PageChecksum.Compute(Pool.Bytes(page).Span));
        return new KvTransferProtocol.RemotePages(source, checksums.MoveToImmutable());
    }

    private void Forget(IActorRef receiver)
    {
        _watched.Remove(receiver);
        _transit.ReleaseFor(receiver);
        StepSoon();
    }

    private void SweepTransit()
    {
        var dropped = _transit.ReleaseOlderThan(_options.TransferDeadline);
        if (dropped > 0) _log.Warning("{0} page transfers had no answer within {1}; their pages are back.", dropped, _options.TransferDeadline);
    }

    private sealed record Step
    {
        public static readonly Step Instance = new();
    }

    /// <summary>It is no longer worth waiting for the pages of a job.</summary>
    private sealed record Prefetched(AttemptId Attempt);

    private sealed record Sweep
    {
        public static readonly Sweep Instance = new();
    }

    /// <summary>Tells generations and parent what the engine reports; runs within the actor's own message handling.</summary>
    private sealed class Events(GpuWorkerActor worker) : IEngineEvents
    {
        private GenerationProtocol.TokenChosen? _token;
        private IActorRef _tokenReceiver = ActorRefs.Nobody;

        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
            var job = worker._jobs[sequence].Job;
            Context.Parent.Tell(new WorkerProtocol.Began(job.Attempt));
            job.ReplyTo.Tell(new GenerationProtocol.Granted(job.Attempt, worker.Self));
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
            var job = worker._jobs[sequence];
            if (job.CachedTokens is null) (job.CachedTokens, job.Tiers) = (cachedTokens, tiers);
            Context.Parent.Tell(new WorkerProtocol.Began(job.Job.Attempt));
            job.Job.ReplyTo.Tell(new GenerationProtocol.Progressed(job.Job.Attempt));
        }

        public void Progressed(SequenceId sequence, int computedTokens) => TellProgress(sequence);

        public void Preempted(SequenceId sequence) => TellProgress(sequence);

        /// <summary>Holds the token until it is known whether it is the last: the engine's next report says so.</summary>
        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob)
        {
            TellToken();
            var job = worker._jobs[sequence];
            job.OutputTokens = index + 1;
            var cached = job.Job is PrefillProtocol.Start ? job.CachedTokens : null;
            _token = new GenerationProtocol.TokenChosen(job.Job.Attempt, index, token, logprob, cached, Ending: null, cached is null ? default : job.Tiers);
            _tokenReceiver = job.Job.ReplyTo;
        }

        /// <summary>Sends the token that is held, if any.</summary>
        public void TellToken()
        {
            if (_token is null) return;
            _tokenReceiver.Tell(_token);
            _token = null;
        }

        public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages) =>
            worker.Ship(worker._jobs[sequence], firstPage, pages, nextToken: null);

        public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
        {
            TellToken();
            var job = worker._jobs[sequence];
            worker.Ship(job, firstPage, pages, nextToken);
            worker.End(job);
        }

        public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken)
        {
            var job = worker._jobs[sequence];
            var ending = new GenerationProtocol.Ending(reason, matchedToken);
            if (_token?.Attempt == job.Job.Attempt) _token = _token with { Ending = ending };
            else job.Job.ReplyTo.Tell(new GenerationProtocol.Completed(job.Job.Attempt, job.OutputTokens, ending));
            TellToken();
            worker.End(job);
        }

        public void Failed(SequenceId sequence, string reason)
        {
            var job = worker._jobs[sequence];
            job.Job.ReplyTo.Tell(new GenerationProtocol.Failed(job.Job.Attempt, reason));
            worker.End(job);
        }

        private void TellProgress(SequenceId sequence)
        {
            var job = worker._jobs[sequence].Job;
            job.ReplyTo.Tell(new GenerationProtocol.Progressed(job.Attempt));
        }
    }
}
