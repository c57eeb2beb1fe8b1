using System.Diagnostics;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>Asks about something again and again until it is so, or it is too late.</summary>
internal static class Awaiting
{
    private const int Shown = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <param name="ask">What is still missing, in words; null when nothing is.</param>
    /// <param name="limit">Longest wait; null for no end. It is asked once at least.</param>
    /// <returns>What is still missing at the end of the wait; null if nothing is.</returns>
    public static async Task<string?> UntilAsync(Func<Task<string?>> ask, TimeSpan? limit, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(Interval);
        while (true)
        {
            if (await ask() is not { } missing) return null;
            if (limit is { } longest && watch.Elapsed >= longest) return missing;
            await timer.WaitForNextTickAsync(stop);
        }
    }

    /// <summary>What is left of something that people declare and that was asked to end.</summary>
    /// <returns>Null if nothing is: one that is not ending is another one of the name.</returns>
    public static async Task<string?> EndingAsync(GroupClient client, string kind, string name, CancellationToken stop) =>
        await LeftAsync(client, kind, name, stop) is { Status: "Deleting" } left ? left.Words : null;

    /// <summary>What is there of something that people declare, and since when; null if it is not there.</summary>
    public static async Task<Remains?> LeftAsync(GroupClient client, string kind, string name, CancellationToken stop)
    {
        var route = ObjectNames.RouteOf(kind, name);
        switch (kind)
        {
            case "policy":
                return await client.FindAsync(route, GroupJson.Default.PolicyBody, stop) is { } policy ? new Remains("", default, $"of group {policy.Group}") : null;
            case "group":
                return await client.FindAsync(route, GroupJson.Default.GroupBody, stop) is { } group ? new Remains(group.Status, group.CreatedAt, Words(group.Status, group.Instances.Select(each => $"{each.Name} {each.Status}"))) : null;
            default:
                return await client.FindAsync(route, GroupJson.Default.ObjectBody, stop) is { } found ? new Remains(found.Status, found.CreatedAt, Words(found.Status, found.Parts.Select(part => $"{part.Name} {part.Status}"))) : null;
        }
    }

    private static string Words(string status, IEnumerable<string> parts)
    {
        var all = parts.ToList();
        var more = all.Count > Shown ? $" and {all.Count - Shown} more" : "";
        return all.Count == 0 ? $"{status}, with no instances left" : $"{status}, with {string.Join(", ", all.Take(Shown))}{more}";
    }

    /// <param name="Words">What there is of it.</param>
    internal sealed record Remains(string Status, DateTimeOffset CreatedAt, string Words);
}
