using System.Reflection;

namespace ActorInference.Gpu.Cuda.Modules;

/// <summary>The kernels' texts, which this assembly carries.</summary>
internal static class KernelSources
{
    private const string Prefix = "Cuda/";

    private static readonly Assembly Assembly = typeof(KernelSources).Assembly;

    /// <summary>Names of the headers that a kernel may include.</summary>
    public static readonly string[] HeaderNames =
        [.. Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(".cuh", StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>Their texts.</summary>
    public static readonly string[] Headers = Array.ConvertAll(HeaderNames, Read);

    /// <param name="name">Such as <c>norm.cu</c>.</param>
    public static string Read(string name)
    {
        using var stream = Assembly.GetManifestResourceStream(Prefix + name) ?? throw new ArgumentException($"There is no kernel {name}.", nameof(name));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
