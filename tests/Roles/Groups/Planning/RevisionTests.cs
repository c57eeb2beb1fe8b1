using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

public sealed class RevisionTests
{
    [Fact]
    public void Ten_revisions_are_kept_and_those_that_still_run()
    {
        var history = RevisionHistory.Empty;
        var first = Specs.Group(Specs.Role("prefill", 1, "v1"));
        for (var version = 1; version <= 13; version++)
            history = history.Add(Specs.Group(Specs.Role("prefill", 1, $"v{version}")), "apply", DateTimeOffset.UnixEpoch, SpecRevision.Of(first));

        Assert.Equal([1, .. Enumerable.Range(5, 9)], history.Entries.Select(entry => entry.Number));
        Assert.Same(history, history.Add(Specs.Group(Specs.Role("prefill", 7, "v13")), "scale", DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void Undo_brings_a_revision_back_in_the_present_size()
    {
        var history = RevisionHistory.Empty
            .Add(Specs.Group(Specs.Role("prefill", 1, "v1") + Specs.Role("decode", 3)), "apply", DateTimeOffset.UnixEpoch)
            .Add(Specs.Group(Specs.Role("prefill", 1, "v2")), "apply", DateTimeOffset.UnixEpoch);
        var current = Specs.Group(Specs.Role("prefill", 5, "v2"));

        var undone = history.Undo(current, null)!;

        Assert.Equal([("prefill", 5), ("decode", 1)], undone.Roles.Select(role => (role.Name, role.Replicas)));
        Assert.Equal(history.Entries[0].Revision, SpecRevision.Of(undone));
        Assert.Equal(3, history.Add(undone, "undo", DateTimeOffset.UnixEpoch).Current!.Number);
        Assert.Null(history.Undo(current, 9));
    }

    [Fact]
    public void A_diff_shows_the_lines_that_differ()
    {
        var diff = RevisionHistory.Diff(Specs.Group(Specs.Role("prefill", 1, "v1")), Specs.Group(Specs.Role("prefill", 1, "v2")));

        Assert.Equal(["-", "+"], diff.Where(line => line[0] != ' ').Select(line => line[..1]));
        Assert.Contains(diff, line => line.StartsWith('-') && line.Contains("actorinference:v1", StringComparison.Ordinal));
        Assert.Empty(RevisionHistory.Diff(Specs.Group(Specs.Role("prefill", 1)), Specs.Group(Specs.Role("prefill", 1))));
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
