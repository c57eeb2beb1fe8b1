using System.Security.Cryptography;
using System.Text;
using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.NVRTC;

namespace ActorInference.Gpu.Cuda.Modules;

/// <summary>
/// Compiles kernels for the device, with the model's shape as constants, and keeps what comes out on disk: named by everything that it depends
/// on, which is text, options, architecture, driver and compiler.
/// </summary>
internal sealed class ModuleCache(CudaDevice device, string? folder) : IDisposable
{
    private readonly List<CUmodule> _modules = [];

    /// <summary>Where compiled kernels are kept; null if none are.</summary>
    public string? Folder => folder;

    /// <summary>Modules that were compiled, not found on disk.</summary>
    public int CompiledCount { get; private set; }

    /// <param name="file">Such as <c>norm.cu</c>.</param>
    /// <param name="definitions">Such as <c>HEAD_DIM=128</c>.</param>
    /// <exception cref="CudaLibraryException">It does not compile, or the device refuses it.</exception>
    public CUmodule Load(string file, params ReadOnlySpan<string> definitions) => LoadText(file, KernelSources.Read(file), definitions);

    /// <summary>As <see cref="Load"/>, for a text that comes from elsewhere.</summary>
    public CUmodule LoadText(string name, string text, params ReadOnlySpan<string> definitions)
    {
        var capability = device.Info.ComputeCapability;
        string[] options = ["-std=c++17", $"--gpu-architecture=sm_{capability.Major}{capability.Minor}", .. definitions.ToArray().Select(definition => $"-D{definition}")];
        var path = folder is null ? null : Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(name)}-{Fingerprint(text, options)}.cubin");
        var image = path is not null && File.Exists(path) ? File.ReadAllBytes(path) : Compile(name, text, options, path);
        device.Enter();
        try
        {
            var module = device.Context.LoadModulePTX(image);
            _modules.Add(module);
            return module;
        }
        catch (CudaException refused)
        {
            throw new CudaLibraryException($"cuda:{device.Index} refuses the compiled {name}: {refused.CudaError}. If the file in {path ?? "memory"} is broken, delete it.", refused);
        }
    }

    public void Dispose()
    {
        foreach (var module in _modules) _ = DriverAPINativeMethods.ModuleManagement.cuModuleUnload(module);
        _modules.Clear();
    }

    private byte[] Compile(string name, string text, string[] options, string? path)
    {
        using var compiler = new CudaRuntimeCompiler(text, name, KernelSources.Headers, KernelSources.HeaderNames);
        try
        {
            compiler.Compile(options);
        }
        catch (NVRTCException refused)
        {
            throw new CudaLibraryException($"{name} does not compile ({refused.NVRTCError}): {compiler.GetLogAsString()}", refused);
        }

        CompiledCount++;
        var image = compiler.GetCubin();
        if (path is not null) Keep(path, image);
        return image;
    }

    /// <summary>Another process may write the same file at the same time: it appears whole or not at all.</summary>
    private static void Keep(string path, byte[] image)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllBytes(temporary, image);
        File.Move(temporary, path, overwrite: true);
    }

    private static string Fingerprint(string text, string[] options)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] parts = [text, .. KernelSources.Headers, .. options, $"{CudaContext.GetDriverVersion()}", $"{CudaRuntimeCompiler.GetVersion()}"];
        foreach (var part in parts)
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(Encoding.UTF8.GetBytes(part));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
