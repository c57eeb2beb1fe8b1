using Akka.Configuration;

namespace Akka.Actor;

/// <summary>A step of the coordinated shutdown.</summary>
internal sealed record Phase(IReadOnlyList<string> DependsOn, TimeSpan Timeout, bool Recover, bool Enabled)
{
    public static Dictionary<string, Phase> FromConfig(Config config)
    {
        var defaults = ConfigurationFactory.ParseString(
            $"timeout = {config.GetString("default-phase-timeout")}\nrecover = true\nenabled = true\ndepends-on = []");
        var phases = config.GetConfig("phases");
        return phases.AsEnumerable().Select(pair => pair.Key.Trim('"')).ToDictionary(name => name, name =>
        {
            var phase = (phases.GetConfig(name) ?? Config.Empty).WithFallback(defaults);
            return new Phase(
                [.. phase.GetStringList("depends-on")],
                phase.GetTimeSpan("timeout", allowInfinite: false),
                phase.GetBoolean("recover"),
                phase.GetBoolean("enabled"));
        });
    }

    /// <summary>An order in which every phase comes after those it depends on.</summary>
    /// <exception cref="ArgumentException">The phases depend on one another in a circle.</exception>
    public static List<string> TopologicalSort(IReadOnlyDictionary<string, Phase> phases)
    {
        var order = new List<string>();
        var (done, open) = (new HashSet<string>(), new HashSet<string>());

        void Visit(string name)
        {
            if (done.Contains(name)) return;
            if (!open.Add(name))
                throw new ArgumentException($"Cycle detected in graph of phases. It must be a DAG. phase [{name}] depends transitively on itself.");
            if (phases.TryGetValue(name, out var phase))
            {
                foreach (var before in phase.DependsOn) Visit(before);
            }

            open.Remove(name);
            done.Add(name);
            if (phases.ContainsKey(name)) order.Add(name);
        }

        foreach (var name in phases.Keys) Visit(name);
        return order;
    }
}
