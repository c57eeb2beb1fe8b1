using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using Akka.Actor;

namespace ActorInference.Control.Tests;

/// <summary>
/// A coordinator that is killed between any two of its journaled events, and before or after any message: what it journaled and what
/// instances say brings the next one to the same end, with the bounds kept on the way. What it journaled is a snapshot now and then, as it
/// is written down, and the events after it.
/// </summary>
public sealed class CoordinatorModelTests : IDisposable
{
    private const int Seeds = 150;

    private readonly ActorSystem _system = ActorSystem.Create("model", "akka.loglevel = OFF, akka.stdout-loglevel = OFF, akka.loggers = []");

    [Fact]
    public void A_coordinator_that_is_killed_at_any_step_goes_on_and_keeps_the_bounds()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            try
            {
                Run(new Random(seed));
            }
            catch (Exception failed)
            {
                throw new InvalidOperationException($"Seed {seed}: {failed.Message}", failed);
            }
        }
    }

    public void Dispose() => _system.Dispose();

    private void Run(Random random)
    {
        var (prefill, decode) = (random.Next(1, 9), random.Next(1, 9));
        var unavailable = random.Next(1, 4);
        var strategy = $"rolloutStrategy: {{rollingUpdate: {{maxUnavailable: {unavailable}, maxSurge: {random.Next(3)}}}}}";
        var model = new Model(random, unavailable, new GroupSerializer((ExtendedActorSystem)_system));
        model.Declare(Specs.Pair("demo", "v1", prefill, decode, strategy), isFirst: true);
        model.RunUntilDone();
        model.Declare(Specs.Pair("demo", "v2", prefill, decode, strategy));
        for (var step = random.Next(20); step > 0; step--) model.Step();
        if (random.Next(2) == 0) model.Declare(Specs.Pair("demo", random.Next(2) == 0 ? "v3" : "v1", prefill, decode, strategy));
        model.RunUntilDone();
        Assert.Equal(prefill + decode, model.Instances);
        model.Delete();
        model.RunUntilDone();
        Assert.Equal(0, model.Instances);
    }

    /// <summary>A journal, the coordinator that is made from it again and again, and the instances, which outlive it.</summary>
    private sealed class Model(Random random, int unavailable, GroupSerializer serializer)
    {
        private const int Patience = 3000;

        private readonly Dictionary<InstanceKey, (string Revision, bool IsReady)> _world = [];
        private readonly HashSet<(InstanceKey Key, string Revision)> _running = [];
        private readonly ImmutableArray<FleetProtocol.AgentIsThere> _agents =
            [new("here", "127.0.0.1", "akka://a/user/agent", new HostTopology([new NumaNode(0, [0], 1L << 34)], [], [], ImmutableSortedDictionary<string, string>.Empty), TimeSpan.FromSeconds(1))];

        private readonly int _snapshotEvery = random.Next(1, 12);
        private readonly List<RolloutEvents.IRolloutEvent> _events = [];

        private byte[]? _snapshot;
        private RolloutState _state = RolloutState.Empty;
        private ObservedInstances _observed = new();
        private Declaration? _declaration;
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private string _stable = "";
        private bool _isServing;

        public int Instances => _world.Count;

        private bool IsDone { get; set; }

        public void Declare(string yaml, bool isFirst = false)
        {
            if (isFirst) _stable = yaml;
            Journal(new RolloutEvents.Declared((_state.Declaration?.Generation ?? 0) + 1, yaml, _stable, "", IsPaused: false, IsDeleting: false));
            IsDone = false;
        }

        public void Delete()
        {
            Journal(_state.Declaration! with { Generation = _state.Declaration.Generation + 1, IsDeleting = true });
            (IsDone, _isServing) = (false, false);
        }

        public void RunUntilDone()
        {
            for (var step = 0; !IsDone; step++)
            {
                Assert.True(step < Patience, $"After {Patience} steps it is not done: {string.Join(", ", _world)}");
                Step();
            }

            _isServing = !_declaration!.IsDeleting;
            _stable = _state.Declaration!.Desired;
        }

        /// <summary>The coordinator hears of instances, plans, journals and tells; it may end anywhere within.</summary>
        public void Step()
        {
            _now += TimeSpan.FromSeconds(random.Next(1, 5));
            foreach (var key in _world.Keys.Where(_ => random.Next(3) == 0).ToList()) _world[key] = _world[key] with { IsReady = true };
            foreach (var (key, instance) in _world) Observe(key, instance);
            RepeatWhatWasLost();
            var input = _declaration!.ToInput([.. _state.Instances.Values.Select(_observed.Describe)], _now);
            var plan = Planner.Next(input);
            // Only the image ever changes: whatever an instance was on its way to, it keeps its place.
            Assert.All(plan.Actions.OfType<UpdateInstance>(), update => Assert.True(update.InPlace, $"{update} is not in place"));
            var steps = new PlanSteps("demo", _declaration, _state, _agents, _now);
            foreach (var action in plan.Actions) steps.Add(action);
            steps.PlaceAll();
            IsDone = plan.Done || (plan.Actions is [PromoteRevision] && steps.Events.Count == 0);

            var isKilled = random.Next(3) == 0;
            var journaled = isKilled ? random.Next(steps.Events.Count + 1) : steps.Events.Count;
            foreach (var @event in steps.Events.Take(journaled)) Journal(@event);
            var told = isKilled ? journaled < steps.Events.Count ? 0 : random.Next(steps.Brought.Count + 1) : steps.Brought.Count;
            foreach (var key in steps.Brought.Take(told)) Bring(key);
            if (!isKilled) foreach (var key in steps.Removed) Remove(key);
            CheckBounds();
            if (isKilled) Recover();
        }

        /// <summary>What a coordinator says again when an instance says something else than was journaled.</summary>
        private void RepeatWhatWasLost()
        {
            foreach (var managed in _state.Instances.Values.ToList())
            {
                if (managed.IsDeleting) Remove(managed.Key);
                else if (!_world.TryGetValue(managed.Key, out var instance) || instance.Revision != managed.Revision) Bring(managed.Key);
            }
        }

        private void Bring(InstanceKey key)
        {
            var revision = _state.Instances[key].Revision;
            if (_world.TryGetValue(key, out var present) && present.Revision == revision) return;
            _running.RemoveWhere(each => each.Key == key);
            Assert.True(_running.Add((key, revision)), $"{key} is begun twice as {revision}");
            _world[key] = (revision, false);
            _observed.MarkBrought(key);
        }

        private void Remove(InstanceKey key)
        {
            _world.Remove(key);
            _running.RemoveWhere(each => each.Key == key);
            Journal(new RolloutEvents.InstanceGone(key.Role, key.Ordinal));
            _observed.Forget(key);
        }

        private void Observe(InstanceKey key, (string Revision, bool IsReady) instance) => _observed.Take(
            new RoleInstanceProtocol.Observed("demo", key.Role, key.Ordinal, instance.Revision, instance.IsReady ? InstanceStage.Settled : InstanceStage.Starting, instance.IsReady, [], ""),
            _state.Find(key.Role, key.Ordinal)?.Revision ?? "", _now);

        private void CheckBounds()
        {
            if (!_isServing) return;
            foreach (var role in _declaration!.Desired.Roles)
            {
                var ready = _world.Count(each => each.Key.Role == role.Name && each.Value.IsReady);
                Assert.True(ready >= role.Replicas - unavailable, $"{ready} of {role.Replicas} {role.Name} are ready, with at most {unavailable} to be away");
            }
        }

        private void Journal(RolloutEvents.IRolloutEvent @event)
        {
            _state = _state.Apply(@event);
            if (@event is RolloutEvents.Declared declared) _declaration = Declaration.Read(declared, _state.Former);
            _events.Add(@event);
            if (_events.Count < _snapshotEvery) return;
            _snapshot = serializer.ToBinary(ControlSnapshots.Rollout.Of(_state));
            _events.Clear();
        }

        /// <summary>The next coordinator knows what the journal has, and nothing else.</summary>
        private void Recover()
        {
            var begin = _snapshot is null ? RolloutState.Empty : ((ControlSnapshots.Rollout)serializer.FromBinary(_snapshot, "r-snapshot")).ToState();
            _state = _events.Aggregate(begin, (state, @event) => state.Apply(@event));
            _declaration = Declaration.Read(_state.Declaration!, _state.Former);
            _observed = new ObservedInstances();
        }
    }
}
