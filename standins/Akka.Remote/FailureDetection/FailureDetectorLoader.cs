using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Makes the failure detector that a configuration names.</summary>
public static class FailureDetectorLoader
{
    /// <param name="fqcn">A type with a constructor (Config, EventStream).</param>
    /// <exception cref="ConfigurationException">There is no such type.</exception>
    public static FailureDetector Load(string fqcn, Config config, ActorSystem system)
    {
        var type = Type.GetType(fqcn ?? "");
        if (type is null || !typeof(FailureDetector).IsAssignableFrom(type) || type.GetConstructor([typeof(Config), typeof(EventStream)]) is not { } make)
        {
            throw new ConfigurationException(
                $"implementation-class of a failure detector is '{fqcn}'; it must name a FailureDetector with a constructor (Config, EventStream).");
        }

        return (FailureDetector)make.Invoke(BindingFlags.DoNotWrapExceptions, null, [config, system.EventStream], null);
    }
}
