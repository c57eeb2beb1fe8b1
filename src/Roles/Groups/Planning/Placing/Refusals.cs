namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>Why no host takes a member, in words: hosts counted by what is in the way, and who has that.</summary>
/// <param name="hosts">How many there are.</param>
internal sealed class Refusals(int hosts)
{
    private const int Named = 3;

    private readonly SortedDictionary<string, (int Count, SortedSet<string> Holders)> _causes = new(StringComparer.Ordinal);

    /// <param name="holders">Other groups that have what is lacking.</param>
    public void Add(string cause, IEnumerable<string> holders)
    {
        var (count, known) = _causes.GetValueOrDefault(cause, (0, new SortedSet<string>(StringComparer.Ordinal)));
        known.UnionWith(holders);
        _causes[cause] = (count + 1, known);
    }

    public override string ToString() =>
        _causes.Count == 0 ? "there is no host" : string.Join(", ", _causes.Select(cause => $"{cause.Value.Count} of {hosts} hosts: {cause.Key}{Describe(cause.Value.Holders)}"));

    private static string Describe(SortedSet<string> holders)
    {
        if (holders.Count == 0) return "";
        var names = string.Join(", ", holders.Take(Named).Select(name => name.Length > 0 ? name : "none"));
        return holders.Count > Named ? $" (groups {names} and {holders.Count - Named} more have some)" : holders.Count > 1 ? $" (groups {names} have some)" : $" (group {names} has some)";
    }
}
