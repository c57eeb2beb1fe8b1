using Akka.Actor;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

public partial class Cluster
{
    /// <summary>A node that shuts down in order leaves first, waits until it may go, and says when it is ready.</summary>
    private void JoinShutdown(CoordinatedShutdown shutdown)
    {
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterLeave, "leave", () => BeginLeave(shutdown));
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterExiting, "wait-exiting", () => IsMember ? SelfExiting.Task : Task.FromResult(Done.Instance));
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterExitingDone, "exiting-completed", () => IsMember
            ? _daemon.Ask<Done>(ExitingCompleted.Instance, shutdown.Timeout(CoordinatedShutdown.PhaseClusterExitingDone))
            : Task.FromResult(Done.Instance));
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterShutdown, "wait-shutdown", () =>
        {
            Shutdown();
            return Stopped.Task;
        });
    }

    private bool IsMember => !IsTerminated && _shown.SelfMember is not null;

    /// <summary>Done when the leaving has begun; what is to be handed over is handed over after that.</summary>
    private async Task<Done> BeginLeave(CoordinatedShutdown shutdown)
    {
        if (!IsMember || _shown.SelfMember.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down) return Done.Instance;
        var begun = new TaskCompletionSource<Done>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (self, cluster) = (SelfUniqueAddress, this);
        var watcher = System.SystemActorOf(Props.Create(() => new LeaveWatcher(cluster, self, begun)));
        _daemon.Tell(new Leave(SelfAddress));
        try
        {
            return await begun.Task.WaitAsync(shutdown.Timeout(CoordinatedShutdown.PhaseClusterLeave)).ConfigureAwait(false);
        }
        finally
        {
            System.Stop(watcher);
        }
    }

    /// <summary>Waits until this node is about to go, or gone.</summary>
    private sealed class LeaveWatcher : UntypedActor
    {
        private readonly Cluster _cluster;
        private readonly UniqueAddress _self;
        private readonly TaskCompletionSource<Done> _begun;

        public LeaveWatcher(Cluster cluster, UniqueAddress self, TaskCompletionSource<Done> begun)
        {
            _cluster = cluster;
            _self = self;
            _begun = begun;
        }

        protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

        protected override void PostStop() => _cluster.Unsubscribe(Self);

        protected override void OnReceive(object message)
        {
            if (message is ClusterEvent.IMemberEvent change && change.Member.UniqueAddress == _self
                && change is ClusterEvent.MemberLeft or ClusterEvent.MemberExited or ClusterEvent.MemberDowned or ClusterEvent.MemberRemoved)
            {
                _begun.TrySetResult(Done.Instance);
            }
        }
    }
}
