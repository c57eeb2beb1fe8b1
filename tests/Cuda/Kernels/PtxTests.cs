using System.Text.RegularExpressions;
using ActorInference.Cuda.Tests.Testing;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>Every kernel is text that a compiler for the device takes, too.</summary>
public sealed class PtxTests
{
    [SkippableTheory]
    [InlineData("sm_80", 14)]
    [InlineData("sm_90", 16)]
    public void Every_kernel_compiles_to_PTX(string architecture, int leastClang)
    {
        Skip.If(Clang.Newest.Version < leastClang, $"clang {leastClang} or later is needed for {architecture}; the newest here is {Clang.Newest.Version}.");
        var folder = Directory.CreateTempSubdirectory("ptx-");
        try
        {
            var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Kernels"), "*.cu");
            Assert.Equal(10, files.Length);
            var kinds = files.Select(file => (File: file, Definition: "ACTORINFERENCE_DEFAULTS"))
                .Concat(files.Where(file => File.ReadAllText(file).Contains("paging.cuh", StringComparison.Ordinal)).Select(file => (File: file, Definition: "KVT=f8"))).ToList();
            Assert.Equal(files.Length + 3, kinds.Count);
            Parallel.ForEach(kinds, kind => Compile(kind.File, kind.Definition, architecture, Path.Combine(folder.FullName, $"{Path.GetFileName(kind.File)}-{kind.Definition}.ptx")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Compile(string file, string definition, string architecture, string target)
    {
        Clang.Run(
            "-x", "cuda", "--cuda-device-only", $"--cuda-gpu-arch={architecture}", $"--cuda-feature=+ptx{(architecture == "sm_90" ? 78 : 74)}",
            $"-D{definition}", "-nocudainc", "-nocudalib", "-std=c++17", "-O3", "-Werror", "-Wno-unknown-cuda-version", "-S", "-o", target, file);
        var ptx = File.ReadAllText(target);
        var names = Regex.Match(File.ReadAllText(file), @"^KERNELS\((.+)\)", RegexOptions.Multiline).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries);
        Assert.All(names, name => Assert.Contains($".entry {name}(", ptx));
        Assert.Contains($".target {architecture}", ptx);
        // What a thread keeps in memory of its own it pays for at each access.
        Assert.DoesNotContain(".local ", ptx);
    }
}
