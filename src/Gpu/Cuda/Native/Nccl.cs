using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cuda.Native;

/// <summary>NCCL, NVIDIA's library with which devices bring numbers together: the functions of its nccl.h that ranks need.</summary>
internal static unsafe partial class Nccl
{
    public const int Success = 0;

    /// <summary>Of a communicator that does not block: what was called goes on by itself, and nothing else is to be called before it is done.</summary>
    public const int InProgress = 7;

    public const int SumOperation = 0;

    public const int UniqueIdBytes = 128;

    /// <summary>2.14: the first whose communicators need not block.</summary>
    public const int LeastVersion = 21400;

    private const uint ConfigMagic = 0xcafebeef;

    private const string Library = NativeLibraries.Nccl;

    static Nccl() => NativeLibraries.Register();

    /// <summary>ncclDataType_t of the library.</summary>
    public enum DataType
    {
        Int32 = 2,
        F32 = 7,
    }

    /// <summary>ncclUniqueId: bytes that mean something to the library alone.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct UniqueId
    {
        public fixed byte Bytes[UniqueIdBytes];
    }

    /// <summary>ncclConfig_t as version 2.14 has it, which later ones read by its size.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Config
    {
        public nuint Size;
        public uint Magic;
        public uint Version;
        public int Blocking;

        /// <summary>Nothing that is called waits for other ranks.</summary>
        public static Config WithoutBlocking() => new() { Size = (nuint)sizeof(Config), Magic = ConfigMagic, Version = LeastVersion, Blocking = 0 };
    }

    /// <summary>Why ranks cannot meet by it; null if they can.</summary>
    public static string? Missing
    {
        get
        {
            if (NativeLibraries.Find(Library) == 0) return "libnccl.so.2 is not found; install NCCL, or name its folder by ACTORINFERENCE_CUDA_PATH";
            return GetVersion(out var version) == Success && version >= LeastVersion ? null : $"NCCL is of version {version}; {LeastVersion} or later is needed";
        }
    }

    /// <summary>What a status means, in the library's words.</summary>
    public static string Text(int status) => $"{Marshal.PtrToStringUTF8((nint)GetErrorString(status))} ({status})";

    [LibraryImport(Library, EntryPoint = "ncclGetUniqueId")]
    public static partial int GetUniqueId(out UniqueId id);

    [LibraryImport(Library, EntryPoint = "ncclCommInitRankConfig")]
    public static partial int Join(out nint communicator, int ranks, UniqueId id, int rank, Config* config);

    [LibraryImport(Library, EntryPoint = "ncclCommGetAsyncError")]
    public static partial int GetState(nint communicator, out int status);

    [LibraryImport(Library, EntryPoint = "ncclCommAbort")]
    public static partial int Abort(nint communicator);

    [LibraryImport(Library, EntryPoint = "ncclAllReduce")]
    public static partial int AllReduce(ulong source, ulong target, nuint count, DataType type, int operation, nint communicator, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclAllGather")]
    public static partial int AllGather(ulong source, ulong target, nuint countOfEach, DataType type, nint communicator, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclBroadcast")]
    public static partial int Broadcast(ulong source, ulong target, nuint count, DataType type, int root, nint communicator, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclGetVersion")]
    private static partial int GetVersion(out int version);

    [LibraryImport(Library, EntryPoint = "ncclGetErrorString")]
    private static partial byte* GetErrorString(int status);
}
