using System.Runtime.CompilerServices;

namespace ManagedCuda.Native;

internal static class DriverLibrary
{
    public const string Name = "cuda";

#pragma warning disable CA2255 // The imports of this assembly must find their library whoever calls the first of them.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize() =>
        LibrarySearch.Resolve(typeof(DriverLibrary).Assembly, Name, OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"]);
}
