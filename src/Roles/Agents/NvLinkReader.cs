using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace ActorInference.Roles.Agents;

/// <summary>
/// Which GPUs of a host NVLink joins, directly or through switches, by the driver's management library (NVML): the kernel's own files do not say.
/// </summary>
/// <param name="library">Name or path of the library.</param>
public sealed class NvLinkReader(string library = "libnvidia-ml.so.1")
{
    private const int Success = 0;

    /// <summary>NVML_P2P_CAPS_INDEX_NVLINK and NVML_P2P_STATUS_OK.</summary>
    private const int ByNvLink = 2;
    private const int IsJoined = 0;

    private delegate int Plain();

    private delegate int FindDevice([MarshalAs(UnmanagedType.LPStr)] string busId, out nint device);

    private delegate int GetPeerStatus(nint device, nint other, int capability, out int status);

    /// <param name="busIds">PCI addresses, by the numbers of the devices.</param>
    /// <returns>Of each device the numbers of those that it is joined to: none where there is no library, or where it does not know a device.</returns>
    public ImmutableArray<ImmutableArray<int>> Read(IReadOnlyList<string> busIds)
    {
        if (busIds.Count < 2 || !NativeLibrary.TryLoad(library, out var handle)) return [.. busIds.Select(_ => ImmutableArray<int>.Empty)];
        try
        {
            return Read(handle, busIds);
        }
        catch (EntryPointNotFoundException)
        {
            return [.. busIds.Select(_ => ImmutableArray<int>.Empty)];   // A driver of before 2016 cannot be asked.
        }
        finally
        {
            NativeLibrary.Free(handle);
        }
    }

    private static ImmutableArray<ImmutableArray<int>> Read(nint library, IReadOnlyList<string> busIds)
    {
        if (Function<Plain>(library, "nvmlInit_v2")() != Success) return [.. busIds.Select(_ => ImmutableArray<int>.Empty)];
        try
        {
            var find = Function<FindDevice>(library, "nvmlDeviceGetHandleByPciBusId_v2");
            var status = Function<GetPeerStatus>(library, "nvmlDeviceGetP2PStatus");
            var devices = busIds.Select(busId => find(busId, out var device) == Success ? device : 0).ToList();
            return [.. devices.Select(device => JoinedTo(device, devices, status))];
        }
        finally
        {
            Function<Plain>(library, "nvmlShutdown")();
        }
    }

    private static ImmutableArray<int> JoinedTo(nint device, List<nint> devices, GetPeerStatus status) =>
    [
        .. Enumerable.Range(0, devices.Count).Where(other =>
            device != 0 && devices[other] != 0 && devices[other] != device && status(device, devices[other], ByNvLink, out var joined) == Success && joined == IsJoined),
    ];

    private static T Function<T>(nint library, string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
}
