using System.Reflection;
using System.Runtime.InteropServices;

namespace ManagedCuda.Native;

/// <summary>Finds NVIDIA's libraries by their versioned names, which is what a machine without developer packages has.</summary>
internal static class LibrarySearch
{
    private const string PathVariable = "ACTORINFERENCE_CUDA_PATH";

    /// <summary>Makes imports of an assembly from one library go to the first of its names that is found.</summary>
    public static void Resolve(Assembly assembly, string library, params string[] names) =>
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == library ? Find(names) : 0);

    /// <returns>0 if none is there: the runtime then names what it looked for.</returns>
    private static nint Find(string[] names)
    {
        var folder = Environment.GetEnvironmentVariable(PathVariable);
        foreach (var name in names)
        {
            if (!string.IsNullOrEmpty(folder) && NativeLibrary.TryLoad(Path.Combine(folder, name), out var handle)) return handle;
            if (NativeLibrary.TryLoad(name, out handle)) return handle;
        }

        return 0;
    }
}
