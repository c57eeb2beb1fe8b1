using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Names for contents: the same content has the same revision on every machine and in every version.</summary>
public static class SpecRevision
{
    private const int Characters = 10;

    // Specs never change once they are made, and a plan asks for their revisions again and again.
    private static readonly ConditionalWeakTable<RoleSpec, string> Roles = [];
    private static readonly ConditionalWeakTable<RoleBasedGroup, string> Groups = [];

    /// <summary>Of a group without its replicas: two groups that differ in size only are the same revision.</summary>
    public static string Of(RoleBasedGroup group) => Groups.GetValue(group, static group => Hash(SpecWriter.Write(Unsized(group))));

    /// <summary>Of a group with its sizes, but without its name.</summary>
    public static string OfWhole(RoleBasedGroup group) => Hash(SpecWriter.Write(group with { Metadata = group.Metadata with { Name = "group", Namespace = ObjectMetadata.DefaultNamespace } }));

    /// <summary>Of what an instance of a role is made of. Another one means that instances are updated.</summary>
    public static string Of(RoleSpec role) => Roles.GetValue(role, static role => Hash(SpecWriter.WriteInstance(role)));

    /// <summary>A group without what says how large and whose it is.</summary>
    internal static RoleBasedGroup Unsized(RoleBasedGroup group) => group with
    {
        Metadata = ObjectMetadata.Named("group"),
        Roles = [.. group.Roles.Select(role => role with { Replicas = 1, Scaling = RoleScaling.None })],
    };

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..Characters];
}
