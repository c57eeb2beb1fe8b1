using System.Globalization;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Host.Groups;

/// <summary>The revisions of a group, as the command line and the console show them.</summary>
public static class RolloutTables
{
    public static string History(HistoryBody history, DateTimeOffset now) => GroupTables.Write(
        ["REVISION", "AGE", "STATE", "CAUSE"],
        history.Revisions.Select(each => (IReadOnlyList<string>)
        [
            each.Revision.ToString(CultureInfo.InvariantCulture), GroupTables.Age(now - each.At), State(each, history), each.Cause.ReplaceLineEndings(" "),
        ]));

    /// <returns>The whole spec of a revision; null if it is not kept.</returns>
    public static string? Yaml(HistoryBody history, long revision) => history.Revisions.FirstOrDefault(each => each.Revision == revision)?.Yaml.TrimEnd('\n');

    /// <returns>From a revision to the declared one; null if it is not kept.</returns>
    public static string? Diff(HistoryBody history, long revision) => Yaml(history, revision) is { } before
        ? LineDiff.Between(before, history.Revisions[^1].Yaml.TrimEnd('\n')) is { Length: > 0 } diff ? diff.TrimEnd('\n') : $"revision {revision} is the declared one"
        : null;

    /// <summary>What to say of a revision that is not kept.</summary>
    public static string NotKept(HistoryBody history, long revision) => $"--revision is '{revision}'; expected one of {string.Join(", ", history.Revisions.Select(each => each.Revision))}.";

    private static string State(RevisionBody revision, HistoryBody history) => (revision.Revision == history.Current, revision.Revision == history.Stable) switch
    {
        (true, true) => "current, stable",
        (true, false) => "current",
        (false, true) => "stable",
        _ => "",
    };
}
