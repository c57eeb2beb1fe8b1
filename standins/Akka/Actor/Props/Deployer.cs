using Akka.Configuration;
using Akka.Routing;

namespace Akka.Actor;

/// <summary>The deployments of the configuration, <c>akka.actor.deployment</c>, by actor path below /user.</summary>
public class Deployer
{
    private readonly List<(string[] Pattern, Deploy Deploy)> _deployments = [];

    public Deployer(Settings settings)
    {
        var root = settings.Config.GetConfig("akka.actor.deployment");
        Default = root.GetConfig("default");
        foreach (var (name, value) in root.AsEnumerable())
        {
            var path = name.Trim('"');
            if (path == "default" || !value.IsObject()) continue;
            SetDeploy(ParseConfig(path, new Config(new Configuration.Hocon.HoconRoot(value)).WithFallback(Default)));
        }
    }

    protected Config Default { get; }

    /// <summary>The first deployment whose pattern fits; null if none does. <c>*</c> is one name, <c>**</c> at the end all that follow.</summary>
    public Deploy Lookup(ActorPath path)
    {
        if (_deployments.Count == 0 || path.Depth < 2 || path.Elements[0] != "user") return null;
        return Lookup([.. path.Elements.Skip(1)]);
    }

    public Deploy Lookup(IReadOnlyList<string> path)
    {
        Deploy byWildcard = null;
        foreach (var (pattern, deploy) in _deployments)
        {
            if (pattern.SequenceEqual(path)) return deploy;
            if (byWildcard is null && Fits(pattern, path)) byWildcard = deploy;
        }

        return byWildcard;
    }

    /// <exception cref="IllegalActorNameException">The path has an empty or illegal element.</exception>
    public void SetDeploy(Deploy deploy)
    {
        var pattern = deploy.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (var element in pattern)
        {
            if (!ActorPath.IsValidPathElement(element))
                throw new IllegalActorNameException($"akka.actor.deployment has the path [{deploy.Path}], where [{element}] is not a legal actor name.");
        }

        _deployments.Add((pattern, deploy));
    }

    protected virtual Deploy ParseConfig(string key, Config config) => new(
        key,
        config,
        RouterConfigs.FromDeployment(config),
        null,
        config.GetString("dispatcher", Deploy.NoDispatcherGiven),
        config.GetString("mailbox", Deploy.NoMailboxGiven),
        config.GetInt("stash-capacity", Deploy.NoStashSize));

    private static bool Fits(string[] pattern, IReadOnlyList<string> path)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == "**") return path.Count >= i;
            if (i >= path.Count || (pattern[i] != "*" && pattern[i] != path[i])) return false;
        }

        return pattern.Length == path.Count;
    }
}
