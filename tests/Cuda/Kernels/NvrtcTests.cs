using System.Runtime.InteropServices;
using ActorInference.Gpu.Cuda.Modules;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>
/// NVIDIA's own compiler takes every kernel, too, where it is at hand, for which no GPU is needed: it knows names that clang does not. Debian has it in its non-free part,
/// as libnvrtc11.2 and libnvrtc-builtins11.8.
/// </summary>
public sealed unsafe class NvrtcTests
{
    private const string Variable = "ACTORINFERENCE_TEST_NVRTC";

    private static readonly string[] Shapes = ["KVT=bf16 HEAD_DIM=128 GROUP=4", "KVT=f16 HEAD_DIM=80 GROUP=7", "KVT=f8 HEAD_DIM=96 GROUP=3", "KVT=bf16 HEAD_DIM=64 GROUP=1"];

    [SkippableTheory]
    [InlineData("sm_80")]
    [InlineData("sm_90")]
    public void Every_kernel_compiles_by_NVRTC(string architecture)
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        Skip.If(string.IsNullOrEmpty(path), $"{Variable} does not name a libnvrtc.so.");
        // It looks for them by their bare name.
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(path)!, "libnvrtc-builtins.so.*")) NativeLibrary.Load(file);
        var compiler = new Compiler(NativeLibrary.Load(path));
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Kernels"), "*.cu");

        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var hasShape = File.ReadAllText(file).Contains("paging.cuh", StringComparison.Ordinal);
            foreach (var shape in hasShape ? Shapes : [""]) compiler.Compile(Path.GetFileName(file), architecture, shape);
        }
    }

    /// <summary>The functions of nvrtc.h, of a library that is not the emulated one.</summary>
    private sealed class Compiler(nint library)
    {
        public void Compile(string file, string architecture, string shape)
        {
            string[] options = ["-std=c++17", $"--gpu-architecture={architecture}", .. shape.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(definition => $"-D{definition}")];
            nint[] headers = Array.ConvertAll(KernelSources.Headers, Marshal.StringToCoTaskMemUTF8), names = Array.ConvertAll(KernelSources.HeaderNames, Marshal.StringToCoTaskMemUTF8);
            var given = Array.ConvertAll(options, Marshal.StringToCoTaskMemUTF8);
            var (text, name) = (Marshal.StringToCoTaskMemUTF8(KernelSources.Read(file)), Marshal.StringToCoTaskMemUTF8(file));
            nint program = 0;
            try
            {
                fixed (nint* header = headers, headerName = names, option = given)
                {
                    Assert.Equal(0, ((delegate* unmanaged<nint*, nint, nint, int, nint*, nint*, int>)Find("nvrtcCreateProgram"))(&program, text, name, headers.Length, header, headerName));
                    var answer = ((delegate* unmanaged<nint, int, nint*, int>)Find("nvrtcCompileProgram"))(program, given.Length, option);
                    Assert.True(answer == 0, $"{file} {shape}, {architecture}: {answer}. {Log(program)}");
                }

                nuint bytes = 0;
                Assert.Equal(0, ((delegate* unmanaged<nint, nuint*, int>)Find("nvrtcGetCUBINSize"))(program, &bytes));
                Assert.True(bytes > 0, $"{file}: there is no code for {architecture}.");
            }
            finally
            {
                if (program != 0) _ = ((delegate* unmanaged<nint*, int>)Find("nvrtcDestroyProgram"))(&program);
                foreach (var memory in (nint[])[.. headers, .. names, .. given, text, name]) Marshal.FreeCoTaskMem(memory);
            }
        }

        private string Log(nint program)
        {
            nuint bytes = 0;
            Assert.Equal(0, ((delegate* unmanaged<nint, nuint*, int>)Find("nvrtcGetProgramLogSize"))(program, &bytes));
            var log = new byte[bytes];
            fixed (byte* target = log) Assert.Equal(0, ((delegate* unmanaged<nint, byte*, int>)Find("nvrtcGetProgramLog"))(program, target));
            return System.Text.Encoding.UTF8.GetString(log).TrimEnd('\0');
        }

        private nint Find(string function) => NativeLibrary.GetExport(library, function);
    }
}
