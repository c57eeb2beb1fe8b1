using System.Net;
using System.Net.Sockets;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_is_one_line_on_stdout(string word)
    {
        var result = await Executable.RunAsync(word);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Matches(@"^actorinference \d+\.\d+\.\d+ \(\.NET .*\)\n$", result.Output);
        Assert.Equal("", result.Error);
    }

    [Theory]
    [InlineData("up --port 99999", "--port is '99999'; expected an integer from 0 to 65535.")]
    [InlineData("up --port x", "--port is 'x'; expected an integer from 0 to 65535.")]
    [InlineData("up --host nowhere", "--host is 'nowhere'; expected an IP address")]
    [InlineData("up --page-size 12", "--page-size is '12'; expected a power of two.")]
    [InlineData("up --kv-memory lots", "--kv-memory is 'lots'; expected an amount of memory such as 512MiB or 4GiB.")]
    [InlineData("up --kv-pages 5 --kv-memory 1GiB", "--kv-pages and --kv-memory are both given; expected one of them.")]
    [InlineData("up --threads 0", "--threads is '0'; expected an integer from 1 to 1024.")]
    [InlineData("up --prompt Hi --max-tokens -1", "--max-tokens is '-1'; expected an integer of at least 1.")]
    [InlineData("up --prompt Hi --temperature warm", "--temperature is 'warm'; expected a number from 0 to 100.")]
    [InlineData("up --prompt Hi --top-p 0", "--top-p is '0'; expected a number above 0, up to 1.")]
    [InlineData("up --prompt Hi --seed 1.5", "--seed is '1.5'; expected a 64-bit integer.")]
    [InlineData("up --max-tokens 5", "--max-tokens is given without --prompt; expected both or neither.")]
    [InlineData("up --nonsense", "Unrecognized command or argument '--nonsense'.")]
    [InlineData("up --data a --data b", "Option '--data' expects a single argument but 2 were provided.")]
    [InlineData("up --model /does/not/exist", "--model is '/does/not/exist'; expected an existing folder in Hugging Face form, or a .gguf file.")]
    [InlineData("nonsense", "'nonsense' is no command of 'actorinference'; expected one of up, node, agent,")]
    [InlineData("--nonsense", "'--nonsense' is no command of 'actorinference'; expected one of up, node, agent,")]
    [InlineData("model nonsense", "'nonsense' is no command of 'actorinference model'; expected one of convert, inspect, perplexity, random.")]
    [InlineData("up --log-level loud", "--log-level is 'loud'; expected one of trace, debug, information, warning, error, critical, none.")]
    [InlineData("model convert x --out y --dtype q9", "--dtype is 'q9'; expected one of f32, f16, bf16, q8_0, ")]
    [InlineData("", "Required command was not provided.")]
    public async Task A_wrong_command_line_is_one_line_on_stderr_and_exit_code_2(string arguments, string expected)
    {
        var result = await Executable.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Equal("", result.Output);
        Assert.StartsWith("actorinference: " + expected, result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_the_way_out_before_a_model_is_read()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var result = await Executable.RunAsync("up", "--model", AppContext.BaseDirectory, "--port", $"{port}");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Equal($"actorinference: Port {port} on 127.0.0.1 is in use; choose another with --port, or 0 for a free one.\n", result.Error);
    }

    [Fact]
    public async Task A_folder_without_a_model_says_what_is_missing()
    {
        var result = await Executable.RunAsync("up", "--model", AppContext.BaseDirectory, "--prompt", "Hi");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Equal("", result.Output);
        Assert.Contains("config.json", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [Fact]
    public async Task Help_lists_the_options_of_up()
    {
        var result = await Executable.RunAsync("up", "--help");

        Assert.True(result.ExitCode == 0, result.ToString());
        foreach (var option in (string[])["--model", "--port", "--host", "--management-port", "--cmd-port", "--data", "--threads", "--kv-pages", "--page-size", "--prompt", "--json"])
            Assert.Contains(option, result.Output);
    }
}
