using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using ActorInference.Roles.Agents;

namespace ActorInference.Host.Groups;

/// <summary>The agent of this machine.</summary>
public static class AgentOptionsFactory
{
    /// <param name="node">Name of the host.</param>
    /// <param name="address">Where its instances' ports are.</param>
    /// <param name="data">Folder of the agent.</param>
    /// <param name="labels">Of the host.</param>
    public static AgentOptions Create(string node, IPAddress address, string data, ImmutableSortedDictionary<string, string> labels) => new()
    {
        Node = node,
        Address = address.ToString(),
        Data = data,
        Images = OpenImages(data),
        PortOffset = OffsetOf(data),
        Topology = new HostTopologyReader().Read(labels.SetItem("kubernetes.io/hostname", node)),
    };

    /// <summary>Another for each agent of a host, by its folder.</summary>
    private static int OffsetOf(string data) => BinaryPrimitives.ReadUInt16LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(data)));

    /// <summary>The image store of an agent's folder, with the running program as one image.</summary>
    public static ImageStore OpenImages(string data) => new(Path.Combine(data, "images"), Self());

    /// <summary>Under <c>dotnet actorinference.dll</c> the program is dotnet, and the assembly its first argument.</summary>
    private static ImageBundle Self()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The program does not know its own path.");
        ImmutableArray<string> entrypoint = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(AgentOptionsFactory).Assembly.Location] : [program];
        return new ImageBundle($"{ImageStore.SelfName}:{ProductVersion.Text}", AppContext.BaseDirectory, entrypoint, AddedAt: null);
    }
}
