using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Engine;
using Akka.Actor;

namespace ActorInference.Gpu.Workers;

public sealed partial class GpuWorkerActor
{
    /// <summary>Tells generations and parent what the engine reports; runs within the actor's own message handling.</summary>
    private sealed class Events(GpuWorkerActor worker) : IEngineEvents
    {
        private GenerationProtocol.TokenChosen? _token;
        private IActorRef _tokenReceiver = ActorRefs.Nobody;

        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
            var active = worker._jobs[sequence];
            var job = active.Job;
            active.Trace?.Granted(cachedPages);
            Context.Parent.Tell(new WorkerProtocol.Began(job.Attempt));
            job.ReplyTo.Tell(new GenerationProtocol.Granted(job.Attempt, worker.Self) { CachedPages = cachedPages });
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
            var job = worker._jobs[sequence];
            // Again, after a preemption: what it computed itself before is not what was cached for it. After a start in vain, whose
            // pages turned out to be wrong, this is what is used.
            if (!job.HasComputed) (job.CachedTokens, job.Tiers) = (cachedTokens, tiers);
            job.Trace?.Started(cachedTokens, tiers);
            Context.Parent.Tell(new WorkerProtocol.Began(job.Job.Attempt));
            worker.TellStage(job.Job, GenerationProtocol.JobStage.Computing);
        }

        public void Progressed(SequenceId sequence, int computedTokens)
        {
            var job = worker._jobs[sequence];
            job.HasComputed = true;
            worker.TellStage(job.Job, GenerationProtocol.JobStage.Working);
        }

        public void Preempted(SequenceId sequence)
        {
            var job = worker._jobs[sequence];
            job.Trace?.Enter(JobPhases.Queued);
            worker.TellStage(job.Job, GenerationProtocol.JobStage.Waiting);
        }

        /// <summary>Holds the token until it is known whether it is the last: the engine's next report says so.</summary>
        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob)
        {
            TellToken();
            var job = worker._jobs[sequence];
            (job.OutputTokens, job.HasComputed) = (index + 1, true);
            if (job.Outbox is null) job.Trace?.Enter(JobPhases.Decode);
            var cached = job.Job is DecodeProtocol.Reserve ? null : job.CachedTokens;
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

        public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages)
        {
            var job = worker._jobs[sequence];
            job.Outbox!.Add(firstPage, pages, nextToken: null);
            worker.Ship(job);
        }

        public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
        {
            TellToken();
            var job = worker._jobs[sequence];
            job.Outbox!.Add(firstPage, pages, nextToken);
            job.Trace?.HandedOver(isAwaited: job.Outbox.Target is not null);
            worker.Ship(job);
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
            worker._traces.Fail(job.Job.Attempt, "model_failed", reason);
            worker.End(job);
        }
    }
}
