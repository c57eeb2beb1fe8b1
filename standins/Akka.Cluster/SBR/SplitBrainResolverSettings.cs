using Akka.Configuration;

namespace Akka.Cluster.SBR;

/// <summary>The section <c>akka.cluster.split-brain-resolver</c>.</summary>
internal sealed class SplitBrainResolverSettings
{
    private static readonly TimeSpan LeastUnstable = TimeSpan.FromSeconds(4);

    /// <exception cref="ConfigurationException">A value cannot be used; the message names it.</exception>
    public SplitBrainResolverSettings(Config config)
    {
        StableAfter = config.GetTimeSpan("stable-after", allowInfinite: false);
        if (StableAfter <= TimeSpan.Zero) throw Wrong("stable-after", config.GetString("stable-after"), "a duration of more than 0");
        DownAllWhenUnstable = config.GetString("down-all-when-unstable").ToLowerInvariant() switch
        {
            "on" or "true" or "yes" => StableAfter * 0.75 > LeastUnstable ? StableAfter * 0.75 : LeastUnstable,
            "off" or "false" or "no" => null,
            _ => config.GetTimeSpan("down-all-when-unstable", allowInfinite: false),
        };
        Strategy = ReadStrategy(config);
    }

    /// <summary>How long nothing may have changed before a decision.</summary>
    public TimeSpan StableAfter { get; }

    /// <summary>How much longer it may go on changing before everything is downed; null for ever.</summary>
    public TimeSpan? DownAllWhenUnstable { get; }

    public DowningStrategy Strategy { get; }

    private static DowningStrategy ReadStrategy(Config config)
    {
        var name = config.GetString("active-strategy");
        switch (name)
        {
            case "keep-majority":
                return new KeepMajority(Role(config, name));
            case "keep-oldest":
                return new KeepOldest(config.GetBoolean("keep-oldest.down-if-alone"), Role(config, name));
            case "static-quorum":
                var text = config.GetString("static-quorum.quorum-size");
                return int.TryParse(text, out var size) && size > 0
                    ? new StaticQuorum(size, Role(config, name))
                    : throw Wrong("static-quorum.quorum-size", text, "a number of at least 1");
            case "down-all":
                return new DownAll();
            case "lease-majority":
                return LeaseMajority.Read(config.GetConfig(name), Role(config, name));
            default:
                throw Wrong("active-strategy", name, "one of keep-majority, static-quorum, keep-oldest, down-all, lease-majority");
        }
    }

    private static string Role(Config config, string strategy) => config.GetString($"{strategy}.role") is { Length: > 0 } role ? role : null;

    private static ConfigurationException Wrong(string key, string value, string expected) =>
        new($"akka.cluster.split-brain-resolver.{key} is '{value}'; it must be {expected}.");
}
