using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>RBG's numbers and its end-to-end cases, asked of the whole planner in the strict mode (docs/conformance.md).</summary>
public sealed class StrictPlannerTests
{
    private const string Strict = $"{SpecNames.PlannerMode}: rbg-strict";

    [Fact]
    public void Partitions_of_seven_and_three_roll_in_step()
    {
        var simulation = Settled(Roles("v1"));
        simulation.Policy = Specs.Policy("- { name: pd, roles: [prefill, decode], strategy: { rollingUpdate: { maxSkew: 1%, maxUnavailable: 100% } } }");
        simulation.Desired = Group(Roles("v2"));
        var (prefill, decode, updated) = (new List<int>(), new List<int>(), new List<string>());

        while (updated.Count < 8)
        {
            var plan = Round(simulation);
            prefill.Add(7 - plan.Roles.Single(role => role.Role == "prefill").Updatable);
            decode.Add(3 - plan.Roles.Single(role => role.Role == "decode").Updatable);
            updated.Add($"({simulation.Updated("prefill")},{simulation.Updated("decode")})");
        }

        Assert.Equal([6, 6, 5, 4, 4, 2, 2, 0], prefill);
        Assert.Equal([3, 2, 2, 2, 1, 1, 0, 0], decode);
        Assert.Equal("(1,0)(1,1)(2,1)(3,1)(3,2)(5,2)(5,3)(7,3)", string.Concat(updated));

        static string Roles(string version) => Specs.Role("prefill", 7, version) + Specs.Role("decode", 3, version);
    }

    [Theory]
    [InlineData("prefill:300 decode:100 worker:100", "prefill,decode:5% prefill,worker:10%", "15 5 10")]
    [InlineData("prefill:200 decode:100 worker:50 cache:100", "prefill,decode:5% decode,worker:8% worker,cache:10%", "10 5 4 10")]
    public void A_role_of_several_rules_takes_the_least_of_their_targets(string sizes, string rules, string targets)
    {
        var group = Group(string.Concat(sizes.Split(' ').Select(size => size.Split(':')).Select(size => Specs.Role(size[0], int.Parse(size[1])))));
        var policy = Specs.Policy(string.Concat(rules.Split(' ').Select((rule, index) => (Parts: rule.Split(':'), index)).Select(rule =>
            $"- {{ name: r{rule.index}, roles: [{rule.Parts[0]}], strategy: {{ scaling: {{ maxSkew: {rule.Parts[1]} }} }} }}\n")));

        var plan = Planner.Next(new PlanInput(group, group, [], DateTimeOffset.UnixEpoch) { Policy = policy });

        Assert.Equal(targets, string.Join(' ', group.Roles.Select(role => plan.Roles.Single(progress => progress.Role == role.Name).Target)));
    }

    [Theory]
    [InlineData(4, 2, 0, 6, 4)]
    [InlineData(4, 2, 2, 6, 2)]
    [InlineData(2, 4, 0, 4, 2)]
    public void A_surge_end_to_end(int replicas, int surge, int unavailable, int most, int leastReady)
    {
        var simulation = Settled(Specs.Role("prefill", replicas, "v1", Rolling(surge, unavailable)));
        simulation.Desired = Group(Specs.Role("prefill", replicas, "v2", Rolling(surge, unavailable)));
        var (total, ready) = (0, int.MaxValue);

        simulation.Settle(each: plan =>
        {
            total = Math.Max(total, simulation.Of("prefill").Count());
            ready = Math.Min(ready, simulation.Ready("prefill") - plan.Actions.OfType<UpdateInstance>().Count());
        });

        Assert.Equal((most, replicas), (total, simulation.Of("prefill").Count()));
        Assert.True(ready >= leastReady, $"{ready} were ready; expected at least {leastReady}");
        Assert.All(simulation.Of("prefill"), instance => Assert.Equal(simulation.Update("prefill"), instance.Revision));
    }

    [Fact]
    public void A_surge_with_a_budget_takes_the_upper_half_at_once_and_leaves_the_lower_one_ready()
    {
        var simulation = Settled(Specs.Role("prefill", 4, "v1", Rolling(2, 2)));
        simulation.Desired = Group(Specs.Role("prefill", 4, "v2", Rolling(2, 2)));

        simulation.Do(simulation.Plan().Actions);

        Assert.Equal(6, simulation.Of("prefill").Count());
        Assert.Equal([0, 1], simulation.Of("prefill").Where(instance => instance.Ready).Select(instance => instance.Ordinal));
    }

    [Fact]
    public void A_partition_that_is_lowered_takes_the_upper_ordinal_first()
    {
        var simulation = Settled(Specs.Role("prefill", 2));
        simulation.Desired = Group(Specs.Role("prefill", 2, "v2", "rolloutStrategy: { rollingUpdate: { partition: 1 } }"));
        for (var round = 0; round < 4; round++) Round(simulation);
        Assert.Equal([1], Updated(simulation));
        Assert.NotEqual(SpecRevision.Of(simulation.Desired), SpecRevision.Of(simulation.Stable));

        simulation.Desired = Group(Specs.Role("prefill", 2, "v2"));
        simulation.Settle();

        Assert.Equal([0, 1], Updated(simulation));
        Assert.Equal(SpecRevision.Of(simulation.Desired), SpecRevision.Of(simulation.Stable));
    }

    /// <summary>One letter an instance: n is updated and healthy, o healthy and old, N unhealthy, u not heard of since it was told.</summary>
    [Theory]
    [InlineData("nn", "new", 2, true)]
    [InlineData("nn", null, 0, false)]
    [InlineData("nn", "old", 2, false)]
    [InlineData("nn", "new", 1, false)]
    [InlineData("no", "new", 2, false)]
    [InlineData("nN", "new", 2, false)]
    [InlineData("nu", "new", 2, false)]
    [InlineData("n", "new", 2, false)]
    [InlineData("nt", "new", 2, false)]
    public void The_current_revision_advances_only_by_a_status_that_was_written_down(string slots, string? revision, int updated, bool advances)
    {
        var prior = revision is null ? null : new PriorStatus(revision, updated);
        var state = new RollState(2, 0, 1, 0, InRollout: true, Paused: false, [.. slots.Select((slot, ordinal) =>
            new RollSlot(ordinal, slot != 'o', slot is 'n' or 'o' or 'u', Terminating: slot == 't', Unobserved: slot == 'u'))]);

        Assert.Equal(advances, StatefulRoll.Advances(state, "new", prior));
        Assert.False(StatefulRoll.Advances(state with { InRollout = false }, "new", prior));
        Assert.False(StatefulRoll.Advances(state with { Paused = true }, "new", prior));
        Assert.False(StatefulRoll.Advances(state with { Partition = 1 }, "new", prior));
    }

    [Fact]
    public void A_revision_becomes_stable_one_look_after_all_are_updated_and_healthy()
    {
        var simulation = Settled(Specs.Role("prefill", 2));
        simulation.Desired = Group(Specs.Role("prefill", 2, "v2"));
        while (simulation.Updated("prefill") < 2 || simulation.Ready("prefill") < 2) Round(simulation);

        var first = simulation.Plan();
        var second = simulation.Plan();

        Assert.True(first is { Actions.IsEmpty: true, Done: false });
        Assert.Equal(new PromoteRevision(SpecRevision.Of(simulation.Desired)), Assert.Single(second.Actions));
    }

    [Fact]
    public void A_role_waits_until_exactly_its_dependencys_replicas_are_ready()
    {
        var group = Group(Specs.Role("prefill", 2) + Specs.Role("decode", 1, "v1", "dependencies: [prefill]"));
        ObservedInstance Prefill(int ordinal, bool ready) => new("prefill", ordinal, SpecRevision.Of(group.Roles[0])) { Ready = ready };
        Plan Next(params ObservedInstance[] instances) => Planner.Next(new PlanInput(group, group, [.. instances], DateTimeOffset.UnixEpoch));

        Assert.Contains(Next(Prefill(0, true), Prefill(1, false)).Holds, hold => hold.Reason.StartsWith("waits for prefill, of which 1 of 2 are ready", StringComparison.Ordinal));
        Assert.Contains(new CreateInstance(new("decode", 0), SpecRevision.Of(group.Roles[1]), Surge: false), Next(Prefill(0, true), Prefill(1, true)).Actions);
    }

    [Fact]
    public void Old_revisions_expire_beyond_the_limit_unless_somebody_runs_them()
    {
        var all = Enumerable.Range(1, 13).Select(number => $"rev-{number}").ToList();

        Assert.Equal(["rev-1"], StrictHistory.Expired(all, new HashSet<string> { "rev-12", "rev-13" }));
        Assert.Empty(StrictHistory.Expired(["rev-1", "rev-2"], new HashSet<string> { "rev-1", "rev-2" }, limit: 0));
    }

    [Theory]
    [InlineData("image: i:2", "", true, "containers[0].image")]
    [InlineData("image: i:2", "metadata: { labels: { k1: v1 } }, ", true, "containers[0].image|metadata")]
    [InlineData("image: i:1, env: [{ name: A, value: b }]", "", false, "containers[0].env")]
    public void In_place_are_the_image_and_the_metadata(string container, string metadata, bool possible, string changed)
    {
        var decision = InPlaceDecision.Between(Templated("image: i:1", ""), Templated(container, metadata), PlannerMode.RbgStrict);

        Assert.Equal(possible, decision.Possible);
        foreach (var field in changed.Split('|')) Assert.Contains(decision.Changed, path => path.EndsWith(field, StringComparison.Ordinal));
        Assert.Equal(changed.Split('|').Length, decision.Changed.Length);
    }

    [Fact]
    public void An_image_is_changed_on_the_same_instance_and_a_command_on_a_new_one()
    {
        Assert.True(Assert.Single(Change("image: i:2")).InPlace);
        Assert.False(Assert.Single(Change("image: i:1, command: [x]")).InPlace);

        static IEnumerable<UpdateInstance> Change(string container)
        {
            var simulation = Settled(Text("image: i:1", ""));
            simulation.Desired = Group(Text(container, ""));
            return simulation.Plan().Actions.OfType<UpdateInstance>();
        }
    }

    [Fact]
    public void Updates_in_rapid_succession_end_at_the_last_one_only()
    {
        var simulation = Settled(Specs.Role("prefill", 3));
        simulation.Desired = Group(Specs.Role("prefill", 3, "v2"));
        Round(simulation);
        var between = simulation.Update("prefill");
        simulation.Desired = Group(Specs.Role("prefill", 3, "v3"));

        simulation.Settle(each: plan => Assert.DoesNotContain(plan.Actions.OfType<UpdateInstance>(), update => update.To == between));

        Assert.Equal([0, 1, 2], Updated(simulation));
    }

    [Fact]
    public void Scaling_out_in_the_middle_of_a_rollout_ends_with_all_at_the_new_revision()
    {
        var simulation = Settled(Specs.Role("prefill", 4));
        simulation.Desired = Group(Specs.Role("prefill", 4, "v2"));
        Round(simulation);
        simulation.Desired = Group(Specs.Role("prefill", 6, "v2"));

        simulation.Settle();

        Assert.Equal([0, 1, 2, 3, 4, 5], Updated(simulation));
    }

    [Fact]
    public void An_update_or_another_size_of_one_role_leaves_the_others_alone()
    {
        var simulation = Settled(Specs.Role("prefill", 3) + Specs.Role("decode", 3));
        simulation.Desired = Group(Specs.Role("prefill", 5, "v2") + Specs.Role("decode", 3));

        simulation.Settle(each: plan => Assert.DoesNotContain(plan.Actions.OfType<InstanceAction>(), action => action.Instance.Role == "decode"));

        Assert.Equal(5, simulation.Updated("prefill"));
    }

    [Fact]
    public void A_paused_rollout_stands_and_goes_on_when_it_is_resumed()
    {
        var simulation = Settled(Specs.Role("prefill", 4));
        simulation.Desired = Group(Specs.Role("prefill", 4, "v2"));
        Round(simulation);
        simulation.Paused = true;
        for (var round = 0; round < 3; round++) Assert.Empty(Round(simulation).Actions);
        Assert.Equal([3], Updated(simulation));

        simulation.Paused = false;
        simulation.Settle();

        Assert.Equal([0, 1, 2, 3], Updated(simulation));
    }

    [Theory]
    [InlineData("partition: invalid", "partition: is 'invalid'")]
    [InlineData("maxUnavailable: 10%", "maxUnavailable 10% and maxSurge 0 of 4 replicas are both 0")]
    [InlineData("partition: 100%", "partition: is 100% of 4 replicas")]
    public void What_admission_refuses_is_an_error_with_its_place(string field, string error)
    {
        var refused = Specs.Refused(Specs.Text(Specs.Role("prefill", 4, "v1", $"rolloutStrategy: {{ rollingUpdate: {{ {field} }} }}"), Strict));

        Assert.Contains(error, refused.Message);
        Assert.Contains("spec.roles[0].rolloutStrategy.rollingUpdate", refused.Message);
        Assert.Contains("(line 8)", refused.Message);
    }

    /// <summary>A plan, and everything that it says done.</summary>
    private static Plan Round(GroupSimulation simulation)
    {
        var plan = simulation.Plan();
        simulation.Do(plan.Actions);
        simulation.Pass(TimeSpan.FromSeconds(11), done: 1);
        return plan;
    }

    private static IEnumerable<int> Updated(GroupSimulation simulation) =>
        simulation.Of("prefill").Where(instance => instance.Revision == simulation.Update("prefill")).Select(instance => instance.Ordinal);

    private static GroupSimulation Settled(string roles)
    {
        var simulation = new GroupSimulation(Group(roles), null, new Random(3));
        simulation.Settle();
        return simulation;
    }

    private static RoleBasedGroup Group(string roles) => Specs.Group(roles, Strict);

    private static RoleSpec Templated(string container, string metadata) => Group(Text(container, metadata)).Roles[0];

    private static string Text(string container, string metadata) => $"- {{ name: a, standalonePattern: {{ template: {{ {metadata}spec: {{ containers: [{{ name: c, {container} }}] }} }} }} }}";

    private static string Rolling(int surge, int unavailable) => $"rolloutStrategy: {{ rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }} }}";
}
