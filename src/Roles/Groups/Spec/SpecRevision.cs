using System.Security.Cryptography;
using System.Text;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Names for contents: the same content has the same revision on every machine and in every version.</summary>
public static class SpecRevision
{
    private const int Characters = 10;

    /// <summary>Of a group without its replicas: two groups that differ in size only are the same revision.</summary>
    public static string Of(RoleBasedGroup group)
    {
        var sized = group with { Roles = [.. group.Roles.Select(role => role with { Replicas = 1, Scaling = RoleScaling.None })] };
        return Hash(SpecWriter.Write(sized with { Metadata = ObjectMetadata.Named("group") }));
    }

    /// <summary>Of what an instance of a role is made of. Another one means that instances are updated.</summary>
    public static string Of(RoleSpec role) => Hash(SpecWriter.WriteInstance(role));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..Characters];
}
