using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

public sealed class RevisionTests
{
    [Fact]
    public void Ten_revisions_are_kept_and_the_stable_one()
    {
        var state = Enumerable.Range(1, 13).Aggregate(GroupState.Empty("g"), (group, version) =>
        {
            var applied = Applied(group, $"v{version}");
            return version == 1 ? applied.Apply(new GroupEvents.RevisionPromoted()) : applied;
        });

        Assert.Equal([1, .. Enumerable.Range(5, 9)], state.Revisions.Select(revision => (int)revision.Number));
        Assert.Equal((13, 1), (state.Current.Number, state.Stable));
        Assert.Equal(state.Revisions.Select(revision => revision.Number), Applied(state, "v13", replicas: 7).Revisions.Select(revision => revision.Number));
    }

    [Fact]
    public void Undo_brings_a_revision_back_in_the_present_size()
    {
        var first = Declared(GroupState.Empty("g"), Specs.Role("prefill", 1, "v1") + Specs.Role("decode", 3));
        var second = Declared(first, Specs.Role("prefill", 5, "v2"));

        var undone = Decided(second, new GroupProtocol.Undo("g", 0, DateTimeOffset.UnixEpoch));

        Assert.Equal([("prefill", 5), ("decode", 1)], SpecReader.ReadGroup(undone.Desired).Roles.Select(role => (role.Name, role.Replicas)));
        Assert.Equal((3, first.Current.Hash), (undone.Current.Number, undone.Current.Hash));
        Assert.IsType<GroupProtocol.Rejected>(second.Decide(new GroupProtocol.Undo("g", 9, DateTimeOffset.UnixEpoch)).Reply);
    }

    [Fact]
    public void A_group_that_instances_still_run_is_known_as_long_as_they_do()
    {
        var texts = new[] { "v1", "v2", "v3" }.Select(version => SpecWriter.Write(Specs.Group(Specs.Role("prefill", 2, version)))).ToList();
        string Revision(int version) => SpecRevision.Of(SpecReader.ReadGroup(texts[version - 1]).Roles[0]);
        RolloutEvents.Declared Declared(int generation, int version) => new(generation, texts[version - 1], texts[0], "", IsPaused: false, IsDeleting: false);
        var updated = RolloutState.Empty.Apply(Declared(1, 1))
            .Apply(new RolloutEvents.InstanceCreated("prefill", 0, Revision(1), [], DateTimeOffset.UnixEpoch))
            .Apply(new RolloutEvents.InstanceCreated("prefill", 1, Revision(1), [], DateTimeOffset.UnixEpoch))
            .Apply(Declared(2, 2))
            .Apply(new RolloutEvents.InstanceUpdated("prefill", 1, Revision(2), InPlace: true, TimeSpan.Zero));

        var between = updated.Apply(Declared(3, 3));
        var back = updated.Apply(Declared(3, 1));
        var resized = between.Apply(Declared(4, 3));
        var done = resized.Apply(new RolloutEvents.InstanceUpdated("prefill", 1, Revision(3), InPlace: true, TimeSpan.Zero)).Apply(Declared(5, 1));

        Assert.Equal([texts[1]], between.Former.AsEnumerable());
        Assert.Equal([texts[1]], back.Former.AsEnumerable());
        Assert.Equal([texts[1]], resized.Former.AsEnumerable());
        Assert.Equal([texts[2]], done.Former.AsEnumerable());
        Assert.Empty(updated.Former);
    }

    [Fact]
    public void A_diff_shows_the_lines_that_differ_and_those_around_them()
    {
        var diff = LineDiff.Between("a\nb\nc\nd\ne\nf\ng\nh\ni\n", "a\nb\nc\nd\nE\nf\ng\nh\ni\nj\n");

        Assert.Equal("...\n b\n c\n d\n-e\n+E\n f\n g\n h\n i\n+j\n", diff);
        Assert.Equal("-a\n", LineDiff.Between("a\n", ""));
        Assert.Equal("+a\n+b\n", LineDiff.Between("", "a\nb\n"));
        Assert.Equal("", LineDiff.Between("a\nb\n", "a\nb"));
    }

    [Theory]
    [InlineData("image: i:2", true, true)]
    [InlineData("args: [x]", true, false)]
    [InlineData("env: [{ name: A, value: b }]", true, false)]
    [InlineData("resources: { limits: { cpu: 2 } }", true, false)]
    [InlineData("ports: [{ name: p, containerPort: 80 }]", false, false)]
    [InlineData("workingDir: /x", false, false)]
    public void Which_changes_can_be_made_in_place(string change, bool native, bool strict)
    {
        var (from, to) = (Container("image: i:1"), Container(change.StartsWith("image", StringComparison.Ordinal) ? change : $"image: i:1, {change}"));

        Assert.Equal(native, InPlaceDecision.Between(from, to, PlannerMode.Native).Possible);
        Assert.Equal(strict, InPlaceDecision.Between(from, to, PlannerMode.RbgStrict).Possible);
    }

    [Fact]
    public void What_cannot_be_made_in_place_recreates_or_is_held_as_the_role_asks()
    {
        const string Ports = "ports: [{ name: p, containerPort: 80 }]";
        Assert.False(Assert.IsType<UpdateInstance>(Assert.Single(Update("InPlaceIfPossible", Ports).Actions)).InPlace);
        Assert.False(Assert.IsType<UpdateInstance>(Assert.Single(Update("RecreatePod", "args: [x]").Actions)).InPlace);
        var held = Update("InPlaceOnly", Ports);
        Assert.Empty(held.Actions);
        Assert.Contains(held.Holds, hold => hold.Reason.StartsWith("cannot be updated in place, and InPlaceOnly is asked for: pattern.template.spec.containers[0].ports changed", StringComparison.Ordinal));
    }

    private static GroupState Applied(GroupState state, string version, int replicas = 1) => Declared(state, Specs.Role("prefill", replicas, version));

    private static GroupState Declared(GroupState state, string roles) => Decided(state, new GroupProtocol.Apply("g", Specs.Text(roles), null, DateTimeOffset.UnixEpoch));

    private static GroupState Decided(GroupState state, GroupProtocol.IForGroup command) => state.Decide(command).Events.Aggregate(state, (each, @event) => each.Apply(@event));

    private static Plan Update(string type, string change)
    {
        var strategy = $", rolloutStrategy: {{ rollingUpdate: {{ type: {type} }} }}";
        var simulation = new GroupSimulation(Specs.Group(Text("image: i:1", strategy)), null, new Random(1));
        simulation.Settle();
        simulation.Desired = Specs.Group(Text($"image: i:1, {change}", strategy));
        return simulation.Plan();
    }

    private static RoleSpec Container(string fields) => Specs.Group(Text(fields, "")).Roles[0];

    private static string Text(string fields, string more) => $"- {{ name: a, standalonePattern: {{ template: {{ spec: {{ containers: [{{ name: c, {fields} }}] }} }} }}{more} }}";
}
