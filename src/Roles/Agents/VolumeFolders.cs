using System.Security.Cryptography;
using System.Text;

namespace ActorInference.Roles.Agents;

/// <summary>
/// Where volumes lie on an agent's host. An empty one belongs to a pod: all its containers find the same folder under the volume's name, and it
/// goes with the last of them. One that is claimed belongs to whoever claims it by that name, and stays.
/// </summary>
/// <param name="data">Folder of everything that outlives the agent.</param>
public sealed class VolumeFolders(string data)
{
    private const string MemoryRoot = "/dev/shm/actorinference";
    private const int AgentDigits = 8;

    /// <summary>The folder of one volume.</summary>
    /// <param name="volume">As it is mounted.</param>
    /// <param name="pod">Whose it is.</param>
    /// <param name="variables">That its <see cref="VolumeMount.SubPath"/> may name.</param>
    public string Of(VolumeMount volume, string pod, IReadOnlyDictionary<string, string> variables)
    {
        var whole = volume switch
        {
            { HostPath: { } path } => path,
            { Claim: { } claim } => Path.Combine(data, "claims", claim),
            { InMemory: true } => Path.Combine(MemoryOf(pod), volume.Name),
            _ => Path.Combine(DiskOf(pod), volume.Name),
        };
        return volume.SubPath.Length > 0 ? Path.Combine(whole, InstanceSurroundings.Expand(volume.SubPath, variables)) : whole;
    }

    /// <summary>The pod's part of the host's memory file system. Another agent on the host may have one of the same name.</summary>
    public string MemoryOf(string pod)
    {
        var agent = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(Path.Combine(data, AgentOptions.Instances, pod)))))[..AgentDigits];
        return Path.Combine(MemoryRoot, $"{pod}-{agent}");
    }

    /// <summary>Gives a pod's empty volumes back; none of its processes is there any more.</summary>
    public void Release(string pod)
    {
        foreach (var folder in (ReadOnlySpan<string>)[DiskOf(pod), MemoryOf(pod)])
        {
            try
            {
                if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // Another process of the pod has ended at the same time, and was faster.
            }
        }
    }

    /// <inheritdoc cref="Release"/>
    /// <returns>False if somebody has written there meanwhile: it is to be tried again.</returns>
    public bool TryRelease(string pod)
    {
        try
        {
            Release(pod);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string DiskOf(string pod) => Path.Combine(data, "volumes", pod);
}
