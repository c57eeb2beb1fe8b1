using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary><c>maxUnavailableTogether</c>: what the roles of a rule may lack at a time.</summary>
public sealed class TogetherLimitTests
{
    [Fact]
    public void One_instance_of_all_roles_is_updated_after_the_other_in_the_rules_order()
    {
        var simulation = New("maxUnavailableTogether: 1, order: [decode, prefill]");
        simulation.Settle();
        simulation.Desired = Group("v2");
        var updated = new List<string>();

        simulation.Settle(each: plan =>
        {
            Assert.InRange(Missing(simulation), 0, 1);
            updated.AddRange(plan.Actions.OfType<UpdateInstance>().Select(update => update.Instance.Role));
        });

        Assert.Equal((3, 2), (simulation.Updated("prefill"), simulation.Updated("decode")));
        Assert.Equal(["decode", "decode", "prefill", "prefill", "prefill"], updated);
    }

    [Fact]
    public void What_waits_says_for_whom()
    {
        var simulation = New("maxUnavailableTogether: 1");
        simulation.Settle();
        simulation.Desired = Group("v2");

        var plan = simulation.Plan();

        Assert.Single(plan.Actions);
        var hold = Assert.Single(plan.Holds);
        Assert.Equal(("decode", "waits for others of prefill, decode: so many are unavailable together as may be (maxUnavailableTogether)"), (hold.Role, hold.Reason));
    }

    [Fact]
    public void A_share_is_of_all_replicas_and_an_instance_that_does_not_serve_is_updated_beyond_it()
    {
        var simulation = New("maxUnavailableTogether: 40%, maxUnavailable: 3");
        simulation.Settle();
        simulation.Desired = Group("v2");
        Assert.Equal(2, simulation.Plan().Actions.Length);   // Of five.

        var broken = simulation.Snapshot().Select(instance => instance.Role == "decode" ? instance with { Ready = false, Phase = InstancePhase.Failed } : instance);
        var plan = Planner.Next(new PlanInput(simulation.Desired, simulation.Stable, [.. broken], simulation.Now) { Policy = simulation.Policy });

        Assert.Equal(["decode-1", "decode-0"], plan.Actions.OfType<UpdateInstance>().Select(update => $"{update.Instance.Role}-{update.Instance.Ordinal}"));
    }

    [Fact]
    public void It_holds_whatever_fails_on_the_way_and_the_rollout_ends()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var simulation = New("maxUnavailableTogether: 1", random);
            simulation.Settle();
            simulation.Desired = Group("v2");
            for (var step = 0; step < 40; step++)
            {
                var missing = Missing(simulation);
                var updates = simulation.Plan().Actions.OfType<UpdateInstance>().ToList();
                Assert.True(updates.Count(update => simulation.Of(update.Instance.Role).Any(instance => instance.Key == update.Instance && instance.Ready)) <= Math.Max(0, 1 - missing), $"Seed {seed}, step {step}");
                simulation.Do(simulation.Plan().Actions);
                simulation.Pass(TimeSpan.FromSeconds(random.Next(1, 15)), done: 0.5, fails: 0.05, vanishes: 0.02);
            }

            simulation.Settle(400);
            Assert.Equal((3, 2), (simulation.Updated("prefill"), simulation.Updated("decode")));
        }
    }

    private static int Missing(GroupSimulation simulation) => 5 - simulation.Ready("prefill") - simulation.Ready("decode");

    private static GroupSimulation New(string rolling, Random? random = null) =>
        new(Group("v1"), Specs.Policy($"- {{ name: pd, roles: [prefill, decode], strategy: {{ rollingUpdate: {{ {rolling} }} }} }}"), random ?? new Random(1));

    private static RoleBasedGroup Group(string version) => Specs.Group(Specs.Role("prefill", 3, version) + Specs.Role("decode", 2, version));
}
