using System.Globalization;
using System.Text;

namespace ActorInference.Host.Groups;

/// <summary>Sets, scaling adapters and warm-ups in words.</summary>
public static class ObjectTables
{
    public static string List(ObjectListBody objects, DateTimeOffset now) => GroupTables.Write(
        ["KIND", "NAME", "STATUS", "TARGET", "DESIRED", "CURRENT", "READY", "AGE"],
        objects.Objects.Select(each => (IReadOnlyList<string>)
        [
            each.Kind, each.Name, each.Status, each.Target.Length > 0 ? each.Target : "<none>", Number(each.Desired), Number(each.Current), Number(each.Ready), GroupTables.Age(now - each.CreatedAt),
        ]));

    public static string Describe(ObjectBody each, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Name:       {each.Name}\nKind:       {each.Kind}\nLabels:     {GroupDescription.Labels(each.Labels)}\nStatus:     {each.Status}\n");
        if (each.Target.Length > 0) text.Append(CultureInfo.InvariantCulture, $"Target:     {each.Target}\n");
        text.Append(CultureInfo.InvariantCulture, $"Replicas:   {each.Desired} desired, {each.Current} current, {each.Ready} ready\n");
        if (each.Message is { } message) text.Append(CultureInfo.InvariantCulture, $"Message:    {message}\n");
        if (each.Parts.Count > 0) text.Append("\nParts:\n").Append(GroupDescription.Indent(GroupTables.Write(["NAME", "STATUS", "MESSAGE"], each.Parts.Select(part => (IReadOnlyList<string>)[part.Name, part.Status, part.Message])))).Append('\n');
        return text.Append("\nEvents:\n").Append(each.Events.Count == 0 ? "  <none>" : GroupDescription.Indent(GroupTables.Events(each.Events, now))).ToString();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
