using System.Collections.Frozen;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Objects;
using Akka.Actor;
using Akka.Serialization;

namespace ActorInference.Roles.Groups.Control;

/// <summary>
/// The bytes of every <see cref="IGroupMessage"/>, journaled or sent: JSON, named by manifests that outlive the names of types.
/// Append only: fields may be added, and a manifest is never given to another type. hocon/reference.conf binds it;
/// docs/formats/groups.md is the format.
/// </summary>
/// <remarks>Holds nothing that changes; many threads use it at once.</remarks>
public sealed class GroupSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private static readonly FrozenDictionary<string, Type> Types = new Dictionary<string, Type>
    {
        ["g-declared"] = typeof(GroupEvents.GroupDeclared),
        ["g-policy"] = typeof(GroupEvents.PolicyDeclared),
        ["g-paused"] = typeof(GroupEvents.PauseSet),
        ["g-promoted"] = typeof(GroupEvents.RevisionPromoted),
        ["g-deleting"] = typeof(GroupEvents.DeletionBegun),
        ["g-ended"] = typeof(GroupEvents.GroupEnded),
        ["f-listed"] = typeof(GroupListed),
        ["f-object"] = typeof(ObjectListed),
        ["o-declared"] = typeof(ObjectEvents.ObjectDeclared),
        ["o-deleting"] = typeof(ObjectEvents.ObjectDeleting),
        ["o-ended"] = typeof(ObjectEvents.ObjectEnded),
        ["o-child"] = typeof(ObjectEvents.ChildDeclared),
        ["o-child-ended"] = typeof(ObjectEvents.ChildEnded),
        ["o-scaled"] = typeof(ObjectEvents.AdapterScaled),
        ["o-warmup"] = typeof(ObjectEvents.WarmupBegun),
        ["o-warmed"] = typeof(ObjectEvents.HostWarmed),
        ["o-warmup-ended"] = typeof(ObjectEvents.WarmupEnded),
        ["r-declared"] = typeof(RolloutEvents.Declared),
        ["r-created"] = typeof(RolloutEvents.InstanceCreated),
        ["r-updated"] = typeof(RolloutEvents.InstanceUpdated),
        ["r-deleting"] = typeof(RolloutEvents.InstanceDeleting),
        ["r-gone"] = typeof(RolloutEvents.InstanceGone),
        ["r-agent"] = typeof(RolloutEvents.AgentMoved),
        ["r-moved"] = typeof(RolloutEvents.InstanceMoved),
        ["r-seeds"] = typeof(RolloutEvents.SeedsLost),
        ["r-clock"] = typeof(RolloutEvents.ClockMoved),
        ["r-seed"] = typeof(RolloutEvents.SeedSeen),
        ["r-fault"] = typeof(RolloutEvents.FaultSeen),
        ["r-recreating"] = typeof(RolloutEvents.RecreationBegun),
        ["r-recreated"] = typeof(RolloutEvents.RecreationEnded),
        ["i-order"] = typeof(RoleInstanceEvents.OrderTaken),
        ["i-readdressed"] = typeof(RoleInstanceEvents.OrderReaddressed),
        ["i-moved"] = typeof(RoleInstanceEvents.OrderMoved),
        ["i-begun"] = typeof(RoleInstanceEvents.UpdateBegun),
        ["i-cleared"] = typeof(RoleInstanceEvents.FormerCleared),
        ["i-done"] = typeof(RoleInstanceEvents.OrderDone),
        ["i-restarted"] = typeof(RoleInstanceEvents.RestartedWhole),
        ["i-removing"] = typeof(RoleInstanceEvents.RemovalBegun),
        ["i-removed"] = typeof(RoleInstanceEvents.RemovalDone),
        ["g-snapshot"] = typeof(ControlSnapshots.Group),
        ["r-snapshot"] = typeof(ControlSnapshots.Rollout),
        ["i-snapshot"] = typeof(ControlSnapshots.RoleInstance),
        ["f-snapshot"] = typeof(ControlSnapshots.Fleet),
        ["o-set-snapshot"] = typeof(ObjectSnapshots.Set),
        ["o-adapter-snapshot"] = typeof(ObjectSnapshots.Adapter),
        ["o-warmup-snapshot"] = typeof(ObjectSnapshots.Warmup),
        ["a-run"] = typeof(AgentProtocol.Run),
        ["a-publish"] = typeof(AgentProtocol.Publish),
        ["a-remove"] = typeof(AgentProtocol.Remove),
        ["a-removed"] = typeof(AgentProtocol.InstanceRemoved),
        ["a-report"] = typeof(AgentProtocol.InstanceReport),
        ["a-hook"] = typeof(AgentProtocol.RunHook),
        ["a-hooked"] = typeof(AgentProtocol.HookDone),
        ["a-list"] = typeof(AgentProtocol.GetInstances),
        ["a-instances"] = typeof(AgentProtocol.Instances),
        ["a-log"] = typeof(AgentProtocol.ReadLog),
        ["a-logged"] = typeof(AgentProtocol.Log),
        ["a-exec"] = typeof(AgentProtocol.Exec),
        ["a-executed"] = typeof(AgentProtocol.ExecEnded),
        ["a-refused"] = typeof(AgentProtocol.Refused),
        ["a-describe"] = typeof(AgentProtocol.GetTopology),
        ["a-node"] = typeof(AgentProtocol.Node),
        ["f-agent"] = typeof(FleetProtocol.AgentIsThere),
        ["f-add"] = typeof(FleetProtocol.AddGroup),
        ["f-remove"] = typeof(FleetProtocol.RemoveGroup),
        ["f-agents?"] = typeof(FleetProtocol.GetAgents),
        ["f-agents"] = typeof(FleetProtocol.Agents),
        ["f-groups?"] = typeof(FleetProtocol.GetGroups),
        ["f-groups"] = typeof(FleetProtocol.Groups),
        ["f-add-object"] = typeof(FleetProtocol.AddObject),
        ["f-remove-object"] = typeof(FleetProtocol.RemoveObject),
        ["f-objects?"] = typeof(FleetProtocol.GetObjects),
        ["f-objects"] = typeof(FleetProtocol.Objects),
        ["o-declare"] = typeof(ObjectProtocol.Declare),
        ["o-scale"] = typeof(ObjectProtocol.Scale),
        ["o-delete"] = typeof(ObjectProtocol.Delete),
        ["o-wake"] = typeof(ObjectProtocol.Wake),
        ["o-state?"] = typeof(ObjectProtocol.GetState),
        ["o-state"] = typeof(ObjectProtocol.State),
        ["o-done"] = typeof(ObjectProtocol.Done),
        ["o-refused"] = typeof(ObjectProtocol.Refused),
        ["a-warm"] = typeof(AgentProtocol.Warm),
        ["a-warmed"] = typeof(AgentProtocol.Warmed),
        ["g-apply"] = typeof(GroupProtocol.Apply),
        ["g-applied"] = typeof(GroupProtocol.Applied),
        ["g-rejected"] = typeof(GroupProtocol.Rejected),
        ["g-scale"] = typeof(GroupProtocol.Scale),
        ["g-pause"] = typeof(GroupProtocol.SetPaused),
        ["g-undo"] = typeof(GroupProtocol.Undo),
        ["g-restart"] = typeof(GroupProtocol.Restart),
        ["g-delete"] = typeof(GroupProtocol.Delete),
        ["g-wake"] = typeof(GroupProtocol.Wake),
        ["g-state?"] = typeof(GroupProtocol.GetState),
        ["g-state"] = typeof(GroupProtocol.State),
        ["g-promote"] = typeof(GroupProtocol.Promote),
        ["g-back"] = typeof(GroupProtocol.RollBack),
        ["g-end"] = typeof(GroupProtocol.Ended),
        ["g-note"] = typeof(GroupProtocol.Note),
        ["r-declare"] = typeof(RolloutProtocol.Declare),
        ["r-status?"] = typeof(RolloutProtocol.GetStatus),
        ["r-status"] = typeof(RolloutProtocol.Status),
        ["r-restart"] = typeof(RolloutProtocol.RestartInstance),
        ["r-restarted"] = typeof(RolloutProtocol.RestartAnswered),
        ["i-bring"] = typeof(RoleInstanceProtocol.Bring),
        ["i-look"] = typeof(RoleInstanceProtocol.Look),
        ["i-remove"] = typeof(RoleInstanceProtocol.Remove),
        ["i-restart"] = typeof(RoleInstanceProtocol.Restart),
        ["i-abandon"] = typeof(RoleInstanceProtocol.Abandon),
        ["i-gone"] = typeof(RoleInstanceProtocol.Gone),
        ["i-observed"] = typeof(RoleInstanceProtocol.Observed),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<Type, string> Manifests = Types.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = false,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Fixed for the life of the journal; 0 to 100 belong to Akka.</summary>
    public override int Identifier => 4206;

    /// <summary>Every manifest.</summary>
    public static IEnumerable<string> AllManifests => Types.Keys;

    /// <exception cref="SerializationException">The type has no form.</exception>
    public override string Manifest(object o) => Manifests.TryGetValue(o.GetType(), out var manifest)
        ? manifest
        : throw new SerializationException($"{o.GetType().FullName} has no form; the messages that have one are {nameof(IGroupMessage)}.");

    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, obj.GetType(), Json);

    /// <exception cref="SerializationException">The manifest is unknown, or the bytes are not of its form.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!Types.TryGetValue(manifest, out var type)) throw new SerializationException($"Manifest '{manifest}' is unknown: the sender's version may be newer than this one.");
        try
        {
            return JsonSerializer.Deserialize(bytes, type, Json) ?? throw new SerializationException($"'{manifest}' is null.");
        }
        catch (JsonException invalid)
        {
            throw new SerializationException($"'{manifest}' of {bytes.Length} bytes cannot be read: {invalid.Message}", invalid);
        }
    }
}
