using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Tests.Composition;

/// <summary>Where a model runs, and what is said when it cannot run where it should.</summary>
public sealed class DeviceChoiceTests
{
    private static readonly CudaDeviceInfo Old = new(0, "Old card", new Version(7, 0), 1L << 30, "compute capability 7.0; 8.0 or later is needed");
    private static readonly CudaDeviceInfo New = new(1, "New card", new Version(9, 0), 1L << 34, null);
    private static readonly CudaMachine Bare = new([], "libcuda.so.1 is not found: this machine has no NVIDIA driver");

    [Theory]
    [InlineData("auto", DeviceKind.Auto, 0)]
    [InlineData("cpu", DeviceKind.Cpu, 0)]
    [InlineData("cuda", DeviceKind.Cuda, 0)]
    [InlineData("cuda:3", DeviceKind.Cuda, 3)]
    public void A_device_is_named(string text, DeviceKind kind, int index)
    {
        Assert.True(DeviceChoice.TryParse(text, out var choice));
        Assert.Equal(new DeviceChoice(kind, index), choice);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda: 1")]
    [InlineData("CPU")]
    public void Other_names_are_none(string text) => Assert.False(DeviceChoice.TryParse(text, out _));

    [Fact]
    public void Auto_takes_the_first_usable_device() =>
        Assert.Equal(New, new DeviceChoice(DeviceKind.Auto).Resolve(() => new CudaMachine([Old, New], null), null, reason => Assert.Fail(reason)));

    [Fact]
    public void Auto_falls_to_the_processor_and_says_why()
    {
        var notes = new List<string>();

        Assert.Null(new DeviceChoice(DeviceKind.Auto).Resolve(() => Bare, null, notes.Add));
        Assert.Null(new DeviceChoice(DeviceKind.Auto).Resolve(() => new CudaMachine([Old], null), null, notes.Add));

        Assert.Null(new DeviceChoice(DeviceKind.Auto).Resolve(() => new CudaMachine([New], null), "experts are not computed there", notes.Add));

        Assert.Equal(
            [
                "The model runs on the processor: libcuda.so.1 is not found: this machine has no NVIDIA driver.",
                "The model runs on the processor: compute capability 7.0; 8.0 or later is needed.",
                "The model runs on the processor: experts are not computed there.",
            ],
            notes);
    }

    [Fact]
    public void The_processor_is_taken_without_looking_for_anything_else() =>
        Assert.Null(new DeviceChoice(DeviceKind.Cpu).Resolve(() => throw new InvalidOperationException("It looked."), null, _ => { }));

    [Theory]
    [InlineData(0, "which cannot be used: compute capability 7.0")]
    [InlineData(2, "expected one of the devices that `actorinference devices` lists: this machine has 2")]
    public void A_device_that_is_not_to_be_had_is_an_error(int index, string part)
    {
        var error = Assert.Throws<UserErrorException>(() => new DeviceChoice(DeviceKind.Cuda, index).Resolve(() => new CudaMachine([Old, New], null), null, _ => { }));

        Assert.StartsWith($"--device is 'cuda:{index}'", error.Message);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void Devices_are_listed_with_why_they_cannot_be_used()
    {
        var lines = DevicesCommand.Lines(new CudaMachine([Old, New], null)).ToArray();

        Assert.StartsWith("cpu     ", lines[0]);
        Assert.Equal("cuda:0  Old card, compute capability 7.0, 1024 MiB: not usable: compute capability 7.0; 8.0 or later is needed", lines[1]);
        Assert.Equal("cuda:1  New card, compute capability 9.0, 16384 MiB: usable", lines[2]);
        Assert.Equal("cuda    none: libcuda.so.1 is not found: this machine has no NVIDIA driver", DevicesCommand.Lines(Bare).Last());
    }
}
