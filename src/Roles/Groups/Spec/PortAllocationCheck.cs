using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>What is wrong with the ports that the roles of a group ask for together.</summary>
internal static class PortAllocationCheck
{
    /// <param name="readers">Of the roles.</param>
    public static void Check(string group, List<FieldReader> readers, ImmutableArray<RoleSpec> roles)
    {
        var known = new Dictionary<int, PortReference>();
        foreach (var (reader, role) in readers.Zip(roles))
        {
            foreach (var text in role.Components.Select(component => component.Annotation(SpecNames.PortAllocator)).OfType<string>().Distinct())
                PortAllocations.Parse(text, message => Error(reader, message));
            foreach (var port in RoleScoped(role))
            {
                if (!known.TryAdd(PortAllocations.NumberOf(group, port), port))
                    Error(reader, $"{port} comes to {PortAllocations.NumberOf(group, port)}, as {known[PortAllocations.NumberOf(group, port)]} does; expected another name");
            }
        }

        foreach (var (reader, role) in readers.Zip(roles))
        {
            foreach (var reference in role.Components.SelectMany(component => PortAllocations.Of(component).References).Where(reference => !known.ContainsValue(reference with { Env = "" })).Distinct())
                Error(reader, $"references: {reference} is no {PortAllocation.RoleScope} port of the group{Expected(known.Values)}");
        }
    }

    private static IEnumerable<PortReference> RoleScoped(RoleSpec role) =>
        from component in role.Components
        from allocation in PortAllocations.Of(component).Allocations
        where allocation.IsRoleScoped
        select new PortReference(role.Name, component.Name, allocation.Name);

    private static string Expected(IReadOnlyCollection<PortReference> known) => known.Count == 0 ? "; it has none" : $"; expected one of {string.Join(", ", known)}";

    private static void Error(FieldReader role, string message) => AnnotationJson.Error(role, SpecNames.PortAllocator, message);
}
