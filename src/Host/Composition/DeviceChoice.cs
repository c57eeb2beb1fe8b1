using System.Globalization;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Composition;

/// <summary>Where a model runs.</summary>
/// <param name="Kind">The processor, a CUDA device, or whichever is best.</param>
/// <param name="Index">Of the CUDA device.</param>
public readonly record struct DeviceChoice(DeviceKind Kind, int Index = 0)
{
    /// <summary>What <c>--device</c> may be.</summary>
    public const string Expected = "auto, cpu, or cuda:N with N from 0";

    public static bool TryParse(string text, out DeviceChoice choice)
    {
        choice = text switch
        {
            "cpu" => new DeviceChoice(DeviceKind.Cpu),
            "cuda" => new DeviceChoice(DeviceKind.Cuda),
            _ => default,
        };
        if (text is "auto" or "cpu" or "cuda") return true;
        if (!text.StartsWith("cuda:", StringComparison.Ordinal) || !int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return false;
        choice = new DeviceChoice(DeviceKind.Cuda, index);
        return true;
    }

    /// <summary>As <c>--device</c> names it.</summary>
    public override string ToString() => Kind switch
    {
        DeviceKind.Auto => "auto",
        DeviceKind.Cpu => "cpu",
        _ => string.Create(CultureInfo.InvariantCulture, $"cuda:{Index}"),
    };

    /// <summary>The CUDA device to use.</summary>
    /// <param name="machine">What there is.</param>
    /// <param name="missing">What the model needs that CUDA devices do not do here; null if nothing.</param>
    /// <param name="note">Told why a choice left to us fell on the processor.</param>
    /// <returns>Null for the processor.</returns>
    /// <exception cref="UserErrorException">A CUDA device was asked for that is not there or not usable.</exception>
    public CudaDeviceInfo? Resolve(Func<CudaMachine> machine, string? missing, Action<string> note)
    {
        if (Kind == DeviceKind.Cpu) return null;
        var found = machine();
        if (Kind == DeviceKind.Auto)
        {
            if (found.FirstUsable is { } usable && missing is null) return usable;
            note($"The model runs on the processor: {found.Reason ?? (found.FirstUsable is null ? found.Devices[0].Unusable : missing)}.");
            return null;
        }

        var index = Index;
        var device = found.Devices.FirstOrDefault(device => device.Index == index);
        if (device is null)
            throw new UserErrorException($"--device is 'cuda:{index}'; expected one of the devices that `actorinference devices` lists: {found.Reason ?? $"this machine has {found.Devices.Count}"}.");
        if (missing is not null) throw new UserErrorException($"--device is 'cuda:{index}'; expected cpu for this model: {missing}.");
        return device.Unusable is null ? device : throw new UserErrorException($"--device is 'cuda:{index}', which cannot be used: {device.Unusable}.");
    }
}

/// <summary>Kinds of <see cref="DeviceChoice"/>.</summary>
public enum DeviceKind
{
    /// <summary>The first usable CUDA device, else the processor.</summary>
    Auto,

    Cpu,

    Cuda,
}
