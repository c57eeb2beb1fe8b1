using System.Diagnostics;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

public sealed class PlannerTests
{
    private const string Layered = "dependencies: [prefill]";

    [Fact]
    public void Roles_start_when_those_they_depend_on_are_ready()
    {
        var simulation = New(Specs.Role("router", 1, "v1", "dependencies: [prefill, decode]") + Specs.Role("prefill", 2) + Specs.Role("decode", 2, "v1", Layered));

        var first = simulation.Plan();
        simulation.Do(first.Actions);
        var second = simulation.Plan();
        simulation.Pass(TimeSpan.FromSeconds(1), done: 1);
        var third = simulation.Plan();

        Assert.Equal(["prefill-0", "prefill-1"], Created(first));
        Assert.Empty(second.Actions);
        Assert.Contains(second.Holds, hold => hold is { Role: "decode", Reason: "waits for prefill, of which 0 of 2 are ready" });
        Assert.Equal(["decode-0", "decode-1"], Created(third));
        simulation.Settle();
        Assert.Equal(1, simulation.Ready("router"));
    }

    [Fact]
    public void A_role_that_has_begun_is_mended_though_another_is_down()
    {
        var simulation = New(Specs.Role("prefill", 2) + Specs.Role("decode", 2, "v1", Layered));
        simulation.Settle();
        var down = simulation.Snapshot().Where(instance => instance.Key != new InstanceKey("decode", 1)).Select(instance => instance with { Ready = instance.Role == "decode" });

        var plan = Planner.Next(new PlanInput(simulation.Desired, simulation.Stable, [.. down], simulation.Now));

        Assert.Equal(["decode-1"], Created(plan));
    }

    [Fact]
    public void Coordinated_deployment_brings_roles_up_in_step_and_dependencies_with_it()
    {
        var simulation = New(Specs.Role("prefill", 10) + Specs.Role("decode", 5, "v1", Layered));
        simulation.Policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { scaling: { maxSkew: 20%, progression: OrderReady } } }");

        simulation.Settle(each: _ => Assert.True(Math.Abs((simulation.Of("prefill").Count() / 10.0) - (simulation.Of("decode").Count() / 5.0)) <= 0.4));

        Assert.Equal((10, 5), (simulation.Ready("prefill"), simulation.Ready("decode")));
    }

    [Fact]
    public void Scale_in_goes_in_step_and_takes_the_chosen_ones()
    {
        var simulation = New(Specs.Role("prefill", 10) + Specs.Role("decode", 10));
        simulation.Policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { scaling: { maxSkew: 20% } } }");
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 5, "v1", $"annotations: {{ {SpecNames.ScaleInFirst}: '2,4' }}") + Specs.Role("decode", 5));

        var first = simulation.Plan();
        simulation.Settle();

        Assert.Equal(["prefill-4"], Deleted(first).Where(name => name.StartsWith("prefill", StringComparison.Ordinal)));
        Assert.Equal(["decode-9"], Deleted(first).Where(name => name.StartsWith("decode", StringComparison.Ordinal)));
        Assert.Equal([0, 1, 3, 5, 6], simulation.Of("prefill").Select(instance => instance.Ordinal));
    }

    [Fact]
    public void Scale_in_in_the_middle_of_a_rollout_keeps_the_new_instances()
    {
        var simulation = New(Specs.Role("prefill", 4));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 4, "v2", "rolloutStrategy: { rollingUpdate: { partition: 2 } }"));
        for (var step = 0; step < 4; step++) Step(simulation);

        simulation.Desired = Specs.Group(Specs.Role("prefill", 3, "v2", "rolloutStrategy: { rollingUpdate: { partition: 1 } }"));
        for (var step = 0; step < 3; step++) Step(simulation);

        Assert.Equal([0, 2, 3], simulation.Of("prefill").Select(instance => instance.Ordinal));
        Assert.Equal(2, simulation.Updated("prefill"));
    }

    [Fact]
    public void An_update_takes_the_highest_first_and_no_more_than_may_be_away()
    {
        var simulation = New(Specs.Role("prefill", 4));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 4, "v2"));
        var taken = new List<string>();

        simulation.Settle(each: plan =>
        {
            taken.AddRange(plan.Actions.OfType<UpdateInstance>().Select(update => $"{update.Instance}{(update.InPlace ? " in place" : "")}"));
            Assert.True(simulation.Ready("prefill") >= 3);
        });

        Assert.Equal(["prefill-3 in place", "prefill-2 in place", "prefill-1 in place", "prefill-0 in place"], taken);
    }

    [Fact]
    public void A_partition_and_a_pause_stop_where_they_stand()
    {
        var simulation = New(Specs.Role("prefill", 4));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 4, "v2", "rolloutStrategy: { rollingUpdate: { partition: 50% } }"));
        for (var step = 0; step < 6; step++) Step(simulation);
        Assert.Equal(2, simulation.Updated("prefill"));
        Assert.True(simulation.Plan().Resting);

        simulation.Desired = Specs.Group(Specs.Role("prefill", 4, "v2"));
        simulation.Paused = true;
        Step(simulation);
        Assert.Equal(2, simulation.Updated("prefill"));

        simulation.Paused = false;
        simulation.Settle();
        Assert.Equal(4, simulation.Updated("prefill"));
    }

    [Fact]
    public void A_surge_keeps_the_role_whole_and_goes_again()
    {
        var simulation = New(Specs.Role("prefill", 4));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 4, "v2", "rolloutStrategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } }"));
        var most = 0;

        simulation.Settle(each: _ =>
        {
            most = Math.Max(most, simulation.Of("prefill").Count());
            Assert.True(simulation.Ready("prefill") >= 4);
        });

        Assert.Equal(6, most);
        Assert.Equal([0, 1, 2, 3], simulation.Of("prefill").Select(instance => instance.Ordinal));
    }

    [Fact]
    public void A_stalled_rollout_says_which_instance_and_why_and_is_rolled_back()
    {
        var simulation = New(Specs.Role("prefill", 4));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 4, "v2", "rolloutStrategy: { progressDeadlineSeconds: 60 }"));
        simulation.Broken = simulation.Update("prefill");
        var revision = SpecRevision.Of(simulation.Desired);
        Plan plan;
        do
        {
            plan = simulation.Plan();
            simulation.Clock = RolloutClock.Advance(simulation.Clock, revision, plan, simulation.Now);
            if (plan.Actions is [RollBack]) break;
            simulation.Do(plan.Actions);
            simulation.Pass(TimeSpan.FromSeconds(10), done: 1);
        }
        while (simulation.Now < DateTimeOffset.UnixEpoch + TimeSpan.FromMinutes(10));

        var back = Assert.IsType<RollBack>(Assert.Single(plan.Actions));
        Assert.Equal("1 of the new revision made no progress for 60 s; prefill-3 is not ready", back.Reason);
        simulation.Do(plan.Actions);
        simulation.Settle();
        Assert.Equal((4, SpecRevision.Of(simulation.Stable)), (simulation.Ready("prefill"), SpecRevision.Of(simulation.Desired)));
    }

    [Fact]
    public void A_hold_names_the_instance_that_is_late()
    {
        var simulation = New(Specs.Role("prefill", 2));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 2, "v2"));
        Step(simulation, done: 0);
        var late = simulation.Snapshot().Select(instance => instance.Ready ? instance : instance with { Reason = "exit code 1, \"no such model\"" });

        var plan = Planner.Next(new PlanInput(simulation.Desired, simulation.Stable, [.. late], simulation.Now));

        Assert.Contains(plan.Holds, hold => hold.Instance == new InstanceKey("prefill", 1) && hold.Reason == "is not ready: exit code 1, \"no such model\"" && hold.For == TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void The_end_runs_in_reverse_order()
    {
        var simulation = New(Specs.Role("prefill", 2) + Specs.Role("decode", 2, "v1", Layered) + Specs.Role("router", 1, "v1", "dependencies: [decode]"));
        simulation.Settle();
        simulation.Deleting = true;
        var ended = new List<string>();

        simulation.Settle(each: plan => ended.AddRange(Deleted(plan)));

        Assert.Equal(["router-0", "decode-0", "decode-1", "prefill-0", "prefill-1"], ended);
    }

    [Fact]
    public void A_role_that_is_gone_ends_after_the_others_are_as_declared()
    {
        var simulation = New(Specs.Role("prefill", 2) + Specs.Role("decode", 2, "v1", Layered));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("decode", 2, "v2"));
        var last = new List<string>();

        simulation.Settle(each: plan => last.AddRange(plan.Actions.OfType<InstanceAction>().Select(action => $"{action.GetType().Name} {action.Instance}")));

        Assert.Equal(["UpdateInstance decode-1", "UpdateInstance decode-0", "DeleteInstance prefill-0", "DeleteInstance prefill-1"], last);
    }

    [Fact]
    public void A_policy_edit_acts_at_once()
    {
        var simulation = New(Specs.Role("prefill", 10) + Specs.Role("decode", 10));
        simulation.Settle();
        simulation.Desired = Specs.Group(Specs.Role("prefill", 10, "v2") + Specs.Role("decode", 10, "v2"));
        simulation.Policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { rollingUpdate: { maxSkew: 100%, maxUnavailable: 3 } } }");
        Assert.Equal(6, simulation.Plan().Actions.Length);

        simulation.Policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { rollingUpdate: { maxSkew: 10%, maxUnavailable: 3 } } }");
        Assert.Equal(2, simulation.Plan().Actions.Length);
    }

    [Fact]
    public void Three_hundred_instances_roll_within_skew_and_budget_in_seconds()
    {
        const string Partition = "rolloutStrategy: { rollingUpdate: { maxUnavailable: 5%, partition: 20% } }";
        var simulation = New(Specs.Role("prefill", 200) + Specs.Role("decode", 100));
        simulation.Settle();
        simulation.Policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { rollingUpdate: { maxSkew: 1%, maxUnavailable: 5%, partition: 20% } } }");
        simulation.Desired = Specs.Group(Specs.Role("prefill", 200, "v2", Partition) + Specs.Role("decode", 100, "v2", Partition));
        var time = Stopwatch.StartNew();

        for (var plans = 0; !simulation.Plan().Resting; plans++)
        {
            Assert.True(plans < 200);
            Step(simulation);
            Assert.True(Math.Abs((simulation.Updated("prefill") / 200.0) - (simulation.Updated("decode") / 100.0)) <= 0.02 + 1e-9);
        }

        Assert.Equal((160, 80), (simulation.Updated("prefill"), simulation.Updated("decode")));
        Assert.True(time.Elapsed < TimeSpan.FromSeconds(60), $"It took {time.Elapsed}; alone it takes less than one second.");
    }

    private static void Step(GroupSimulation simulation, double done = 1)
    {
        simulation.Do(simulation.Plan().Actions);
        simulation.Pass(TimeSpan.FromSeconds(1), done);
    }

    private static IEnumerable<string> Created(Plan plan) => plan.Actions.OfType<CreateInstance>().Select(create => $"{create.Instance}");

    private static IEnumerable<string> Deleted(Plan plan) => plan.Actions.OfType<DeleteInstance>().Select(delete => $"{delete.Instance}");

    private static GroupSimulation New(string roles) => new(Specs.Group(roles), null, new Random(7));
}
