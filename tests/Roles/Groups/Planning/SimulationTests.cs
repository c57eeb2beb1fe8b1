using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>
/// The coordinator ends after any action, instances fail and vanish, specs change on the way: the next plan goes on from what is there,
/// breaks no invariant and ends at what is declared.
/// </summary>
public sealed class SimulationTests
{
    [Theory]
    [InlineData(PlannerMode.Native)]
    [InlineData(PlannerMode.RbgStrict)]
    public void A_plan_goes_on_from_wherever_the_last_coordinator_ended(PlannerMode mode)
    {
        for (var seed = 0; seed < 120; seed++)
        {
            try
            {
                Run(mode, seed);
            }
            catch (Exception failed)
            {
                throw new InvalidOperationException($"Seed {seed}: {failed.Message}", failed);
            }
        }
    }

    private static void Run(PlannerMode mode, int seed)
    {
        var random = new Random(seed);
        var sizes = (Prefill: random.Next(1, 12), Decode: random.Next(1, 12));
        var skew = random.Next(4) switch { 0 => "1%", 1 => "25%", _ => "10%" };
        var order = mode == PlannerMode.Native && random.Next(2) == 0 ? ", order: [decode, prefill]" : "";
        if (mode == PlannerMode.Native && random.Next(3) == 0) order += ", maxUnavailableTogether: 2";
        var policy = Specs.Policy($"- {{ name: pd, roles: [prefill, decode], strategy: {{ rollingUpdate: {{ maxSkew: {skew}, maxUnavailable: 2{order} }}, scaling: {{ maxSkew: {skew}, progression: OrderReady }} }} }}");
        var simulation = new GroupSimulation(Group(mode, sizes, "v1", random.Next(3)), policy, random);
        Chaos(simulation, random, 30);
        Quiet(simulation);
        Assert.Equal((sizes.Prefill, sizes.Decode), (simulation.Ready("prefill"), simulation.Ready("decode")));

        simulation.Desired = Group(mode, sizes, "v2", random.Next(3));
        Chaos(simulation, random, 40);
        if (random.Next(2) == 0) simulation.Desired = Group(mode, (random.Next(1, 12), random.Next(1, 12)), random.Next(2) == 0 ? "v3" : "v1", 1);
        Chaos(simulation, random, 40);
        Quiet(simulation);
        Assert.Equal(SpecRevision.Of(simulation.Desired), SpecRevision.Of(simulation.Stable));

        simulation.Deleting = true;
        Chaos(simulation, random, 20);
        Quiet(simulation);
        Assert.Empty(simulation.Instances);
    }

    private static void Chaos(GroupSimulation simulation, Random random, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            var plan = simulation.Plan();
            var (before, state) = (Figures.Of(simulation, plan), simulation.Describe(plan));
            simulation.Do(plan.Actions.Take(random.Next(3) == 0 ? random.Next(plan.Actions.Length + 1) : plan.Actions.Length));
            if (!simulation.Deleting && simulation.IsRollout("prefill") && simulation.IsRollout("decode")) Figures.Of(simulation, plan).Check(before, simulation, state, checksServing: plan.Actions.All(action => action is not DeleteInstance));
            simulation.Pass(TimeSpan.FromSeconds(random.Next(1, 15)), done: 0.5, fails: 0.02, vanishes: 0.005);
        }
    }

    private static void Quiet(GroupSimulation simulation)
    {
        simulation.Settle(400);
        foreach (var role in simulation.Deleting ? [] : simulation.Desired.Roles) Assert.Equal(role.Replicas, simulation.Ready(role.Name));
    }

    private static RoleBasedGroup Group(PlannerMode mode, (int Prefill, int Decode) sizes, string version, int surge) => Specs.Group(
        Specs.Role("prefill", sizes.Prefill, version, $"rolloutStrategy: {{ rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: 1 }} }}")
        + Specs.Role("decode", sizes.Decode, version)
        + Specs.Role("router", 1, "v1", mode == PlannerMode.Native ? "dependencies: [prefill, decode]" : ""),
        mode == PlannerMode.RbgStrict ? $"{SpecNames.PlannerMode}: rbg-strict" : "");

    /// <summary>What must not get worse by the planner's own doing.</summary>
    private sealed record Figures(double Skew, Dictionary<string, int> Available, Dictionary<string, int> Targets)
    {
        public static Figures Of(GroupSimulation simulation, Plan plan)
        {
            string[] roles = ["prefill", "decode"];
            var shares = roles.Select(role => Math.Min(1, (double)simulation.Updated(role) / simulation.Desired.FindRole(role)!.Replicas)).ToList();
            return new Figures(shares.Max() - shares.Min(), roles.ToDictionary(role => role, simulation.Serving), plan.Roles.ToDictionary(role => role.Role, role => role.Target));
        }

        public void Check(Figures before, GroupSimulation simulation, string state, bool checksServing)
        {
            var rolling = simulation.Policy!.Rules[0].Rolling!;
            var smallest = Math.Min(simulation.Desired.FindRole("prefill")!.Replicas, simulation.Desired.FindRole("decode")!.Replicas);
            var slack = rolling.Order.IsEmpty ? 1.0 / smallest : 2.0 / smallest;
            slack += (double)simulation.Desired.FindRole("prefill")!.Rollout.MaxSurge.Number / simulation.Desired.FindRole("prefill")!.Replicas;
            var native = simulation.Desired.Mode == PlannerMode.Native;
            if (native) Assert.True(Skew <= Math.Max(before.Skew, (rolling.MaxSkew!.Value.Number / 100) + slack) + 1e-9, $"the skew went from {before.Skew} to {Skew}\n{state}");
            // RBG holds a role that lost an instance at what it has, which takes its highest ordinal away for the lost one.
            if (!native && !checksServing) return;
            foreach (var (role, count) in Available)
            {
                var least = Math.Min(before.Available[role], Targets[role] - 2);
                Assert.True(count >= least, $"{role} has {count} ready after {before.Available[role]}\n{state}");
            }
        }
    }
}
