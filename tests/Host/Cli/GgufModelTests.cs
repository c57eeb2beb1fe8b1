using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

/// <summary>GGUF files by the commands that make and serve them.</summary>
public sealed class GgufModelTests : IDisposable
{
    private static readonly string Demo = Path.Combine(AppContext.BaseDirectory, "models", "demo");

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-gguf-").FullName;

    [Fact]
    public async Task A_converted_model_answers_as_its_folder_does()
    {
        var file = Path.Combine(_folder, "demo.gguf");
        var converted = await Executable.RunAsync("model", "convert", Demo, "--dtype", "f32", "--out", file);
        var folder = await Executable.RunAsync("up", "--prompt", "Hello!", "--max-tokens", "40");

        var answer = await Executable.RunAsync("up", "--model", file, "--prompt", "Hello!", "--max-tokens", "40");

        Assert.Equal((0, file + "\n"), (converted.ExitCode, converted.Output));
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(folder.Output, answer.Output);
    }

    [Fact]
    public async Task A_folder_made_of_a_file_answers_as_the_first_folder_does()
    {
        var (file, back) = (Path.Combine(_folder, "demo.gguf"), Path.Combine(_folder, "back"));
        await Executable.RunAsync("model", "convert", Demo, "--dtype", "f32", "--out", file);
        var converted = await Executable.RunAsync("model", "convert", file, "--format", "safetensors", "--dtype", "f32", "--out", back);
        var folder = await Executable.RunAsync("up", "--prompt", "Hello!", "--max-tokens", "40");

        var answer = await Executable.RunAsync("up", "--model", back, "--prompt", "Hello!", "--max-tokens", "40");

        Assert.Equal((0, back + "\n"), (converted.ExitCode, converted.Output));
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(folder.Output, answer.Output);
    }

    [Fact]
    public async Task What_is_in_a_file_can_be_looked_at()
    {
        var file = Path.Combine(_folder, "demo.gguf");
        await Executable.RunAsync("model", "quantize", Demo, "--out", file);

        var result = await Executable.RunAsync("model", "inspect", file, "--tensors");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("architecture  Llama\n", result.Output);
        Assert.Contains("43 Q8_0, 13 F32\n", result.Output);
        Assert.Contains("general.architecture = llama\n", result.Output);
        Assert.Matches(@"\nblk\.0\.attn_q\.weight +Q8_0 +\[192, 192\]\n", result.Output);
    }

    [Theory]
    [InlineData("model convert /does/not/exist --out x.gguf", "/does/not/exist: folder is missing; expected a Hugging Face model folder.")]
    [InlineData("model convert . --out x.bin", "--out is 'x.bin'; expected the path of a .gguf file.")]
    [InlineData("model convert . --format safetensors --dtype q8_0 --out x", "--dtype is 'Q8_0'; expected f32, f16 or bf16, as --format is safetensors.")]
    [InlineData("model convert . --format safetensors --out x.gguf", "--out is 'x.gguf'; expected a folder, as --format is safetensors.")]
    [InlineData("model inspect /does/not/exist.gguf", "/does/not/exist.gguf: file is missing; expected a GGUF file.")]
    [InlineData("model random --shape custom --dtype q8_0 --out x", "--dtype is 'Q8_0'; expected f32, f16 or bf16, or --format gguf.")]
    public async Task A_wrong_argument_is_one_line_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(arguments.Split(' '));

        Assert.Equal((2, "", $"actorinference: {expected}\n"), (result.ExitCode, result.Output, result.Error));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
