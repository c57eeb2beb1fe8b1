using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Benchmarks;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Kv;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench transfer</c>: how fast KV pages get from process to process, beside the machine's own limits.</summary>
public static class BenchTransferCommand
{
    private const long DefaultBytes = 1L << 30;

    public static Command Create()
    {
        var bytes = NumberOption.Bytes("--bytes", "Bytes of a transfer (1GiB); both processes have as much memory for it.");
        var pageBytes = new Option<int[]>("--page-bytes")
        {
            Description = "Sizes of a page: one, a list such as 64KiB,1MiB, or a range such as 64KiB..4MiB, doubled from step to step.",
            DefaultValueFactory = _ => Sizes(64 << 10, 4 << 20),
            CustomParser = ParseSizes,
        };
        var transports = new Option<BenchmarkTransport[]>("--transport")
        {
            Description = "inproc, shm or tcp, or a list of them (all).",
            DefaultValueFactory = _ => Enum.GetValues<BenchmarkTransport>(),
            CustomParser = ParseTransports,
        };
        var rounds = NumberOption.Integer("--rounds", "Times that everything is measured; figures are medians (5).", 1, 1000);
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("transfer", "Measure KV pages on their way between two processes.") { bytes, pageBytes, transports, rounds, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new TransferBenchmarkOptions
            {
                Bytes = parsed.GetValue(bytes) ?? DefaultBytes,
                PageBytes = parsed.GetValue(pageBytes)!,
                Transports = parsed.GetValue(transports)!,
                Rounds = parsed.GetValue(rounds) ?? 5,
                StartPeer = StartPeer,
            };
            Check(options);
            var results = await RunAsync(options, cancellationToken);
            if (parsed.GetValue(json)) WriteJson(results);
            else WriteTable(results);
            return CommandLine.Success;
        });
        return command;
    }

    private static void Check(TransferBenchmarkOptions options)
    {
        if (options.Bytes < options.PageBytes.Max())
            throw new UserErrorException($"--bytes is {options.Bytes}; expected at least the largest of --page-bytes, {options.PageBytes.Max()}.");
        if (options.Transports.Contains(BenchmarkTransport.Shm) && SharedSegment.Folder is null)
            throw new UserErrorException("--transport is 'shm'; this system has no /dev/shm.");
        if (SharedSegment.Folder is { } folder && new DriveInfo(folder).AvailableFreeSpace is var free && free < options.Bytes)
            throw new UserErrorException($"--bytes is {options.Bytes}; expected at most what {folder} has free, {free}.");
        // Pages here, pages there, and two buffers to copy between.
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (options.Bytes > memory / 4)
            throw new UserErrorException($"--bytes is {options.Bytes}; expected at most {memory / 4}, a fourth of this machine's memory: there are four such buffers.");
    }

    private static async Task<IReadOnlyList<TransferBenchmarkResult>> RunAsync(TransferBenchmarkOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await TransferBenchmark.RunAsync(options, (layout, pages, shared) => new KvPagePool(layout, pages, shared), cancellationToken);
        }
        catch (TransferException failure)
        {
            throw new InvalidOperationException($"A transfer failed ({failure.Error}): {failure.Message}", failure);
        }
    }

    private static Process StartPeer(int pageBytes, long bytes)
    {
        var start = OwnProgram.Start(
            ["bench", BenchTransferPeerCommand.Name, pageBytes.ToString(CultureInfo.InvariantCulture), bytes.ToString(CultureInfo.InvariantCulture)]);
        return Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
    }

    private static int[] ParseSizes(ArgumentResult result)
    {
        List<int> sizes = [];
        foreach (var text in result.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            var ends = text.Split("..");
            if (ends.Length > 2 || !TryParseSize(ends[0], out var first) || !TryParseSize(ends[^1], out var last) || first > last)
            {
                result.AddError(
                    $"--page-bytes is '{text}'; expected a size such as 64KiB, or a range such as 64KiB..4MiB, in multiples of {TransferBenchmarkOptions.MinPageBytes} up to {TransferBenchmarkOptions.MaxPageBytes}.");
                return [];
            }

            sizes.AddRange(Sizes(first, last));
        }

        return [.. sizes.Distinct()];
    }

    private static bool TryParseSize(string text, out int size)
    {
        var ok = NumberOption.TryParseBytes(text.Trim(), out var bytes)
            && bytes is >= TransferBenchmarkOptions.MinPageBytes and <= TransferBenchmarkOptions.MaxPageBytes
            && bytes % TransferBenchmarkOptions.MinPageBytes == 0;
        size = ok ? (int)bytes!.Value : 0;
        return ok;
    }

    private static int[] Sizes(int first, int last)
    {
        List<int> sizes = [];
        for (long size = first; size <= last; size *= 2) sizes.Add((int)size);
        return [.. sizes];
    }

    private static BenchmarkTransport[] ParseTransports(ArgumentResult result)
    {
        List<BenchmarkTransport> transports = [];
        foreach (var text in result.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            if (text.Trim().Any(char.IsLetter) && Enum.TryParse<BenchmarkTransport>(text.Trim(), ignoreCase: true, out var transport))
            {
                transports.Add(transport);
                continue;
            }

            result.AddError($"--transport is '{text}'; expected inproc, shm or tcp.");
            return [];
        }

        return [.. transports.Distinct()];
    }

    private static void WriteJson(IReadOnlyList<TransferBenchmarkResult> results)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var result in results)
            {
                json.WriteStartObject();
                json.WriteString("transport", result.Transport.ToString().ToLowerInvariant());
                json.WriteNumber("page_bytes", result.PageBytes);
                json.WriteNumber("gb_per_s", Math.Round(result.GigabytesPerSecond, 3));
                json.WriteNumber("with_sums_gb_per_s", Math.Round(result.WithSumsGigabytesPerSecond, 3));
                json.WriteNumber("memcpy_gb_per_s", Math.Round(result.MemcpyGigabytesPerSecond, 3));
                json.WriteNumber("raw_socket_gb_per_s", Math.Round(result.RawSocketGigabytesPerSecond, 3));
                json.WriteNumber("page_latency_us", Math.Round(result.PageLatencyUs, 1));
                json.WriteNumber("raw_round_trip_us", Math.Round(result.RawRoundTripUs, 1));
                json.WriteNumber("allocation_cpu_share", Math.Round(result.AllocationCpuShare, 5));
                json.WriteNumber("allocation_ms_per_gb", Math.Round(result.AllocationMsPerGigabyte, 4));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static void WriteTable(IReadOnlyList<TransferBenchmarkResult> results)
    {
        Console.Out.WriteLine("transport  page KiB      GB/s  with sums  of memcpy  of raw sockets  page us  of raw trip  allocation  ms per GB");
        foreach (var r in results)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{r.Transport.ToString().ToLowerInvariant(),-9}  {r.PageBytes / 1024.0,8:0.#}  {r.GigabytesPerSecond,8:0.00}  {r.WithSumsGigabytesPerSecond,9:0.00}  {r.GigabytesPerSecond / r.MemcpyGigabytesPerSecond,9:0.00}  {r.GigabytesPerSecond / r.RawSocketGigabytesPerSecond,14:0.00}  {r.PageLatencyUs,7:0.0}  {r.PageLatencyUs / r.RawRoundTripUs,11:0.00}  {r.AllocationCpuShare,10:0.00 %}  {r.AllocationMsPerGigabyte,9:0.000}"));
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"This machine, measured beside: memcpy {BenchmarkMedian(results, r => r.MemcpyGigabytesPerSecond):0.0} GB/s, raw sockets {BenchmarkMedian(results, r => r.RawSocketGigabytesPerSecond):0.0} GB/s."));
    }

    private static double BenchmarkMedian(IReadOnlyList<TransferBenchmarkResult> results, Func<TransferBenchmarkResult, double> figure) =>
        results.Select(figure).Order().ElementAt(results.Count / 2);
}
