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

    /// <summary>
    /// Loads what a library looks for by its bare name while it works, from the folder that the user has named: nobody else looks there, but one that is loaded
    /// is found by its name.
    /// </summary>
    /// <param name="pattern">Of the files' names.</param>
    public static void LoadBeside(string pattern)
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is not { Length: > 0 } folder || !Directory.Exists(folder)) return;
        foreach (var file in Directory.GetFiles(folder, pattern)) _ = NativeLibrary.TryLoad(file, out _);   // Of another version it is of no use, and does no harm.
    }

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
