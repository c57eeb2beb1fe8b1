namespace ActorInference.Roles.Groups.Spec;

/// <summary>Names that specs, instances and their environment share.</summary>
public static class SpecNames
{
    public const string ApiGroup = "workloads.x-k8s.io";
    public const string V1Alpha1 = ApiGroup + "/v1alpha1";
    public const string V1Alpha2 = ApiGroup + "/v1alpha2";

    /// <summary>Prefix of RBG's labels and annotations.</summary>
    public const string Prefix = "rbg.workloads.x-k8s.io/";

    /// <summary>Label of a pod: name of its group.</summary>
    public const string GroupLabel = Prefix + "group-name";

    /// <summary>Label of a pod: name of its role.</summary>
    public const string RoleLabel = Prefix + "role-name";

    /// <summary>Label of a pod: ordinal of its instance.</summary>
    public const string IndexLabel = Prefix + "role-instance-index";

    public const string ExclusiveTopology = Prefix + "group-exclusive-topology";
    public const string DisableExclusive = Prefix + "role-disable-exclusive";
    public const string GangScheduling = Prefix + "group-gang-scheduling";
    public const string GangTimeout = Prefix + "group-gang-scheduling-timeout";
    /// <summary>Annotation of a component or its template: ports to be given, as JSON. RBG itself has it under its older prefix.</summary>
    public const string PortAllocator = "rolebasedgroup.workloads.x-k8s.io/port-allocator";

    /// <summary>Annotation of a component or its template: which components it begins and ends after, as JSON.</summary>
    public const string ComponentOrder = "rolebasedgroup.workloads.x-k8s.io/component-depends-on";

    /// <summary>Annotation of a component or its template: variables that say where other components are, as JSON.</summary>
    public const string ComponentDiscovery = "rolebasedgroup.workloads.x-k8s.io/component-discovery";

    public const string RestartTrigger = Prefix + "restart-trigger-policy";

    /// <summary>Annotation of a role: whether an instance goes elsewhere when its host is lost, <c>Preferred</c>, or waits for it, <c>Required</c>.</summary>
    public const string InPlaceScheduling = Prefix + "role-inplace-scheduling";

    /// <summary>A value of <see cref="InPlaceScheduling"/>.</summary>
    public const string PreferredPlace = "Preferred";

    /// <summary>A value of <see cref="InPlaceScheduling"/>.</summary>
    public const string RequiredPlace = "Required";

    /// <summary>Annotation of a group: <c>native</c> or <c>rbg-strict</c>.</summary>
    public const string PlannerMode = "actorinference.io/planner-mode";

    /// <summary>Annotation of a group: fewest replicas a gang needs, <c>prefill=2,decode=1</c>.</summary>
    public const string GangMinReplicas = "actorinference.io/gang-min-replicas";

    /// <summary>Annotation of a role: ordinals to remove first when it shrinks, <c>3,7</c>.</summary>
    public const string ScaleInFirst = "actorinference.io/scale-in-first";

    /// <summary>Annotation of a role whose value changes to restart all its instances.</summary>
    public const string RestartedAt = "actorinference.io/restarted-at";

    public const string LeaderComponent = "leader";
    public const string WorkerComponent = "worker";

    /// <summary>Name of an instance: <c>group-role-ordinal</c>.</summary>
    public static string Instance(string group, string role, int ordinal) => $"{group}-{role}-{ordinal}";

    /// <summary>Name of a role's service.</summary>
    public static string Service(string group, string role) => $"s-{group}-{role}";
}
