using System.Globalization;
using System.Runtime.InteropServices;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Native;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ActorInference.Gpu.Cuda.Memory;

/// <summary>
/// Pools of other processes of this host that are open here, and the name by which they open this one:
/// <c>cuda-ipc:boot id of the host:process:handle</c>. Thread-safe.
/// </summary>
internal sealed unsafe class CudaSharedPools : IDisposable
{
    private const string Scheme = "cuda-ipc";
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    private static readonly string? BootId = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : null;

    private readonly Lock _lock = new();
    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly CudaEvent _done;
    private readonly Dictionary<string, (int Process, ulong Address)> _open = [];
    private readonly Dictionary<string, string> _refused = [];

    public CudaSharedPools(CudaDevice device)
    {
        _device = device;
        _stream = device.NewStream();
        _done = device.NewEvent();
    }

    /// <summary>The name of memory that was allocated here; null where the driver does not share it.</summary>
    public static string? Name(CUdeviceptr memory)
    {
        if (BootId is null || CudaIpc.Share((ulong)memory.Pointer, out var handle) != 0) return null;
        var bytes = Convert.ToHexStringLower(new ReadOnlySpan<byte>(handle.Bytes, CudaIpc.HandleBytes));
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}:{BootId}:{Environment.ProcessId}:{bytes}");
    }

    /// <summary>Copies pages; done when this returns.</summary>
    /// <param name="name">Of the other process's memory.</param>
    /// <param name="theirs">Numbers of its pages.</param>
    /// <param name="target">Of this process's pages.</param>
    /// <param name="mine">Numbers of these.</param>
    /// <param name="pageBytes">Of one.</param>
    /// <returns>Null, or why nothing was copied.</returns>
    public string? TryCopy(string name, ReadOnlySpan<int> theirs, CUdeviceptr target, ReadOnlySpan<int> mine, int pageBytes)
    {
        lock (_lock)
        {
            _device.Enter();
            if (_refused.TryGetValue(name, out var known)) return known;
            if (!_open.TryGetValue(name, out var source) && TryOpen(name, out source) is { } refusal)
            {
                _refused[name] = refusal;
                return refusal;
            }

            for (var i = 0; i < mine.Length; i++)
            {
                var (from, to) = (new CUdeviceptr(source.Address + (ulong)((long)theirs[i] * pageBytes)), target + (SizeT)((long)mine[i] * pageBytes));
                _device.Check(AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(to, from, pageBytes, _stream.Stream), "cuMemcpyDtoDAsync");
            }

            _device.Record(_done, _stream.Stream);
            _device.Wait(_done);
            return null;
        }
    }

    /// <summary>Opens another process's memory until this is disposed.</summary>
    /// <returns>Null, or why it is not open.</returns>
    public string? TryOpen(string name, out ulong address)
    {
        lock (_lock)
        {
            var refusal = TryOpen(name, out (int Process, ulong Address) pool);
            address = pool.Address;
            return refusal;
        }
    }

    /// <summary>Closes the memory of processes that have ended.</summary>
    public void ReleaseAbandoned()
    {
        lock (_lock)
        {
            if (_open.Count == 0) return;
            _device.Enter();
            foreach (var (name, pool) in _open.Where(pair => !Directory.Exists($"/proc/{pair.Value.Process}")).ToList())
            {
                _ = CudaIpc.Close(pool.Address);
                _open.Remove(name);
            }
        }
    }

    public void Dispose()
    {
        foreach (var (_, address) in _open.Values) _ = CudaIpc.Close(address);
        _open.Clear();
        _done.Dispose();
        _stream.Dispose();
    }

    private string? TryOpen(string name, out (int Process, ulong Address) pool)
    {
        pool = default;
        var parts = name.Split(':');
        if (parts.Length != 4 || parts[0] != Scheme || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var process) || parts[3].Length != 2 * CudaIpc.HandleBytes)
            return $"'{name}' names no memory of a CUDA device.";
        if (parts[1] != BootId) return "The pages are on another host's device.";
        byte[] bytes;
        try
        {
            bytes = Convert.FromHexString(parts[3]);
        }
        catch (FormatException)
        {
            return $"'{name}' names no memory of a CUDA device.";
        }

        CudaIpc.Handle handle = default;
        bytes.CopyTo(MemoryMarshal.CreateSpan(ref handle.Bytes[0], CudaIpc.HandleBytes));
        var answer = (CUResult)CudaIpc.Open(handle, out var address);
        if (answer != CUResult.Success) return $"The driver does not open the memory of process {process}: {answer} ({(int)answer}).";
        pool = (process, address);
        _open.Add(name, pool);
        return null;
    }
}
