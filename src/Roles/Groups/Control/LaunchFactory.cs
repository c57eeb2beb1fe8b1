using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning.Placing;
using ActorInference.Roles.Groups.Spec;
using VolumeMount = ActorInference.Roles.Agents.VolumeMount;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Makes the processes of an instance from its role: each container of each member is one.</summary>
/// <param name="group">Name of the group.</param>
/// <param name="role">The role, resolved.</param>
/// <param name="ordinal">Of the instance.</param>
/// <param name="revision">Of the role.</param>
public sealed class LaunchFactory(string group, RoleSpec role, int ordinal, string revision)
{
    private readonly string _instance = SpecNames.Instance(group, role.Name, ordinal);
    private readonly LaunchPorts _ports = new(group, role);

    /// <summary>The processes in the order of components, members and containers, each with the member and the component that it belongs to.</summary>
    public IEnumerable<(int Member, ComponentSpec Component, InstanceLaunch Launch)> Launches()
    {
        var member = 0;
        foreach (var component in role.Components)
        {
            for (var index = 0; index < component.Size; index++, member++)
            {
                var name = NameOf(component, index);
                foreach (var container in component.Template.Containers)
                    yield return (member, component, container == component.Template.Containers[0] ? First(component, index, name) : Beside(component, index, name, container));
            }
        }
    }

    private string NameOf(ComponentSpec component, int index) => role.Pattern switch
    {
        RolePattern.Standalone => _instance,
        RolePattern.LeaderWorker => $"{_instance}-{(component.Name == SpecNames.LeaderComponent ? 0 : index + 1)}",
        _ => $"{_instance}-{component.Name}-{index}",
    };

    /// <summary>The process that has the member's name; it is the one that does the work of the init containers.</summary>
    private InstanceLaunch First(ComponentSpec component, int index, string member) => Launch(component, index, member, member, component.Template.Containers[0]) with
    {
        Init = [.. component.Template.InitContainers.Select(init => Launch(component, index, member, member, init) with { Step = init.Name, IsHeldAfterEnd = false, Needs = null })],
    };

    private InstanceLaunch Beside(ComponentSpec component, int index, string member, ContainerSpec container) => Launch(component, index, member, $"{member}.{container.Name}", container) with
    {
        InitBy = component.Template.InitContainers.IsEmpty ? null : member,
        PodPorts = [.. _ports.Requests(component, component.Template.Containers[0])],
    };

    private InstanceLaunch Launch(ComponentSpec component, int index, string member, string name, ContainerSpec container)
    {
        var template = component.Template;
        return new InstanceLaunch
        {
            Instance = name,
            Pod = member,
            Owner = InstanceOrder.IdOf(group, role.Name, ordinal),
            Revision = revision,
            Image = container.Image,
            Command = container.Command,
            Args = container.Args,
            Environment = [.. Environment(component, index), .. _ports.Environment(component), .. container.Env.Select(variable => Variable(variable, component, member))],
            WorkingFolder = container.WorkingDirectory,
            Ports = [.. _ports.Requests(component, container)],
            Startup = ProbeForms.Read(container.Startup),
            Readiness = ProbeForms.Read(container.Readiness),
            Liveness = ProbeForms.Read(container.Liveness),
            PreStop = container.PreStop is { } hook ? ProbeForms.Read(hook) : null,
            Grace = template.TerminationGrace,
            IsHeldAfterEnd = role.Restart.Type == RestartPolicyType.RecreateRoleInstanceOnPodRestart && template.Annotations.GetValueOrDefault(SpecNames.RestartTrigger) != "Ignore",
            Needs = Needs(template),
            Resources = Resources(container.Resources),
            Volumes = [.. container.Mounts.Select(mount => Mount(mount, template))],
        };
    }

    /// <summary>RBG's own variables. A user's may refer to them.</summary>
    private IEnumerable<Variable> Environment(ComponentSpec component, int index)
    {
        yield return new Variable("RBG_GROUP_NAME", group);
        yield return new Variable("RBG_ROLE_NAME", role.Name);
        yield return new Variable("RBG_ROLE_INDEX", Number(ordinal));
        yield return new Variable("RBG_ROLE_INSTANCE_NAME", _instance);
        yield return new Variable("RBG_COMPONENT_NAME", component.Name);
        yield return new Variable("RBG_COMPONENT_INDEX", Number(index));
        if (role.Pattern != RolePattern.LeaderWorker) yield break;
        yield return new Variable("RBG_LWP_LEADER_NAME", $"{_instance}-0");
        yield return new Variable("RBG_LWP_WORKER_INDEX", Number(component.Name == SpecNames.LeaderComponent ? 0 : index + 1));
        yield return new Variable("RBG_LWP_GROUP_SIZE", Number(role.Size));
    }

    private Variable Variable(EnvVar variable, ComponentSpec component, string member) => new(variable.Name, variable.FieldPath switch
    {
        null => variable.Value,
        "status.podIP" or "status.hostIP" => "$(POD_IP)",
        "metadata.name" => member,
        "metadata.namespace" => ObjectMetadata.DefaultNamespace,
        "spec.nodeName" => "$(NODE_NAME)",
        var path => Labelled(path, component),
    });

    /// <summary>Reads <c>metadata.labels['key']</c> and the like; the reader has refused all others.</summary>
    private string Labelled(string path, ComponentSpec component)
    {
        var template = component.Template;
        var key = path[(path.IndexOf('\'') + 1)..path.LastIndexOf('\'')];
        var values = path.StartsWith("metadata.labels", StringComparison.Ordinal) ? template.Labels : template.Annotations;
        return key switch
        {
            SpecNames.GroupLabel => group,
            SpecNames.RoleLabel => role.Name,
            SpecNames.IndexLabel => Number(ordinal),
            _ => values.GetValueOrDefault(key) ?? _ports.ByAnnotation(component, key) ?? "",
        };
    }

    /// <summary>A whole limit of cores binds to as many; a part of a core cannot be bound to, and only counts where it is placed.</summary>
    private static InstanceResources Resources(ResourceSpec spec) => InstanceResources.Unlimited with
    {
        MemoryBytes = spec.MemoryLimitBytes ?? 0,
        CpuSet = spec.CpuSet ?? "",
        Cores = spec is { CpuSet: null, CpuLimit: { } limit and >= 1 and <= CpuSet.MaxCore } && limit == Math.Floor(limit) ? (int)limit : 0,
    };

    private static PodNeeds? Needs(PodTemplate template) =>
        PlacementRequest.Needs(template) is { } needs && (needs.Cpus > 0 || needs.MemoryBytes > 0) ? new PodNeeds(needs.Cpus ?? 0, needs.MemoryBytes ?? 0) : null;

    private static VolumeMount Mount(Spec.VolumeMount mount, PodTemplate template)
    {
        var volume = template.Volumes.First(each => each.Name == mount.Name);
        return new VolumeMount(mount.Name, volume.HostPath, volume.InMemory, mount.MountPath)
        {
            Claim = volume.Claim,
            // Only the other form has variables in it.
            SubPath = mount.SubPathExpression ?? mount.SubPath?.Replace("$", "$$", StringComparison.Ordinal) ?? "",
        };
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
