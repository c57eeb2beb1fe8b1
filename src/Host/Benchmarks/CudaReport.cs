using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorInference.Gpu.Benchmarks;

namespace ActorInference.Host.Benchmarks;

/// <summary>What <c>bench cuda</c> found, as a table beside the goals of docs/performance.md, and as JSON.</summary>
internal sealed class CudaReport
{
    private const double DecodeGoal = 0.75, BatchDecodeGoal = 0.65, PrefillGoal = 0.55, AttentionGoal = 0.7, PagesGoal = 0.85, LaunchGoal = 30, TorchDecodeGoal = 3, TorchPrefillGoal = 1;
    private const int NameWidth = 78;
    private const int LargeBatch = 64, LongPrompt = 8000;

    private readonly List<Figure> _figures = [];
    private readonly List<string> _errors = [];
    private readonly List<CudaBenchmarkResult> _cases = [];
    private readonly List<CudaBenchmarkResult> _overlapping = [];
    private readonly List<CudaAttentionResult> _attention = [];
    private CudaPagesResult? _pages;
    private int _linesWritten;
    private int _errorsWritten;

    /// <param name="Name">What was measured.</param>
    /// <param name="Value">As it is.</param>
    /// <param name="Goal">At least, or at most; null where there is none.</param>
    /// <param name="AtMost">Whether less is better.</param>
    private sealed record Figure(string Name, double Value, double? Goal = null, bool AtMost = false)
    {
        public string Verdict => Goal is not { } goal ? "" : (AtMost ? Value <= goal : Value >= goal) ? "reached" : "missed";
    }

    /// <summary>A case as PyTorch runs it; tokens of all sequences together.</summary>
    public sealed record TorchCase(int Batch, int PromptTokens, double PrefillTokensPerSecond, double DecodeTokensPerSecond);

    /// <summary>Whether everything could be measured.</summary>
    public bool IsComplete => _errors.Count == 0;

    public required string Device { get; init; }

    public required CudaPeak Peak { get; init; }

    public void Add(CudaBenchmarkResult result)
    {
        _cases.Add(result);
        var name = $"batch {result.Batch}, prompt {result.PromptTokens}";
        _figures.Add(new Figure($"{name}: prefill, tokens/s", result.PrefillTokensPerSecond));
        _figures.Add(new Figure($"{name}: prefill, TFLOP/s", result.PrefillTeraflops));
        _figures.Add(new Figure($"{name}: prefill, of the matmul rate", result.PrefillFraction, result.PromptTokens >= LongPrompt ? PrefillGoal : null));
        _figures.Add(new Figure($"{name}: prefill, of the matmul rate, products alone", result.PrefillProductFraction));
        _figures.Add(new Figure($"{name}: decode, tokens/s", result.DecodeTokensPerSecond));
        _figures.Add(new Figure($"{name}: decode, of copy bandwidth", result.DecodeMemoryFraction, result.Batch == 1 ? DecodeGoal : result.Batch >= LargeBatch ? BatchDecodeGoal : null));
        _figures.Add(new Figure($"{name}: step, ms", result.StepMilliseconds));
        _figures.Add(new Figure($"{name}: step whose tokens are drawn (top-p), ms", result.SampledStepMilliseconds));
        _figures.Add(new Figure($"{name}: launch of a step, us", result.StepLaunchMicroseconds, result.Batch == 1 ? LaunchGoal : null, AtMost: true));
    }

    /// <summary>The same with launches that overlap.</summary>
    public void AddOverlapping(CudaBenchmarkResult result)
    {
        _overlapping.Add(result);
        var name = $"batch {result.Batch}, prompt {result.PromptTokens}, launches overlapping";
        _figures.Add(new Figure($"{name}: step, ms", result.StepMilliseconds));
        _figures.Add(new Figure($"{name}: decode, of copy bandwidth", result.DecodeMemoryFraction));
    }

    public void Add(CudaAttentionResult result)
    {
        _attention.Add(result);
        var name = $"attention, {result.Batch} queries, {result.ContextTokens} keys";
        _figures.Add(new Figure($"{name}: us a layer", result.Microseconds));
        _figures.Add(new Figure($"{name}: of copy bandwidth", result.CopyFraction, AttentionGoal));
    }

    public void Add(CudaPagesResult result)
    {
        _pages = result;
        var name = $"{result.Pages} pages of {result.PageBytes} bytes to the host, of one copy's rate";
        _figures.Add(new Figure($"{name}: one by one", result.DirectFraction));
        _figures.Add(new Figure($"{name}: gathered", result.GatheredFraction));
        _figures.Add(new Figure($"{name}: the better", Math.Max(result.DirectFraction, result.GatheredFraction), PagesGoal));
        _figures.Add(new Figure($"{name}: as tiers read them", result.StagedFraction));
    }

    /// <summary>Something could not be measured.</summary>
    public void AddError(string what, string message) => _errors.Add($"{what}: {message.ReplaceLineEndings(" ")}");

    /// <summary>What compare_torch.py wrote.</summary>
    /// <exception cref="FormatException">It is no such file.</exception>
    public static IReadOnlyList<TorchCase> ReadTorch(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(item => new TorchCase(
                item.GetProperty("batch").GetInt32(), item.GetProperty("prompt_tokens").GetInt32(), item.GetProperty("prefill_tok_per_s").GetDouble(), item.GetProperty("decode_tok_per_s").GetDouble()))];
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"{file} is not what compare_torch.py writes: {broken.Message}", broken);
        }
    }

    /// <summary>Adds how many times as fast this is, for each case that both have measured.</summary>
    public void Compare(IEnumerable<TorchCase> theirs)
    {
        foreach (var other in theirs)
        {
            if (_cases.Find(result => result.Batch == other.Batch && result.PromptTokens == other.PromptTokens) is not { } ours) continue;
            var name = $"batch {other.Batch}, prompt {other.PromptTokens}: times PyTorch";
            _figures.Add(new Figure($"{name}, decode", ours.DecodeTokensPerSecond / other.DecodeTokensPerSecond, other.Batch == 1 ? TorchDecodeGoal : null));
            _figures.Add(new Figure($"{name}, prefill", ours.PrefillTokensPerSecond / other.PrefillTokensPerSecond, TorchPrefillGoal));
        }
    }

    /// <summary>Writes what has been found since the last time, so that whoever ends the program early has it.</summary>
    public void WriteNew(TextWriter output)
    {
        if (_linesWritten == 0)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Device}: copies {Peak.CopyBytesPerSecond / 1e9:F0} GB/s, down {Peak.DownloadBytesPerSecond / 1e9:F1} GB/s, up {Peak.UploadBytesPerSecond / 1e9:F1} GB/s, bf16 product {Peak.MatmulFlops / 1e12:F0} TFLOP/s"));
            _linesWritten++;
        }

        foreach (var figure in _figures.Skip(_linesWritten - 1)) output.WriteLine(Line(figure));
        _linesWritten = 1 + _figures.Count;
        foreach (var error in _errors.Skip(_errorsWritten)) output.WriteLine($"not measured: {error}");
        _errorsWritten = _errors.Count;
        output.Flush();
    }

    private static string Line(Figure figure)
    {
        var goal = figure.Goal is { } wanted ? string.Create(CultureInfo.InvariantCulture, $"  goal {(figure.AtMost ? "<=" : ">=")} {wanted,5:G4}  {figure.Verdict}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{figure.Name,-NameWidth}  {figure.Value,12:G5}{goal}");
    }

    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("device", Device);
            Write(json, "peak", ("copy_gb_per_s", Peak.CopyBytesPerSecond / 1e9), ("download_gb_per_s", Peak.DownloadBytesPerSecond / 1e9),
                ("upload_gb_per_s", Peak.UploadBytesPerSecond / 1e9), ("bf16_matmul_tflop_per_s", Peak.MatmulFlops / 1e12));
            json.WriteStartArray("cases");
            foreach (var result in _cases) Write(json, null, ("batch", result.Batch), ("prompt_tokens", result.PromptTokens),
                ("prefill_tok_per_s", result.PrefillTokensPerSecond), ("prefill_tflop_per_s", result.PrefillTeraflops), ("prefill_matmul_fraction", result.PrefillFraction), ("prefill_product_fraction", result.PrefillProductFraction),
                ("decode_tok_per_s", result.DecodeTokensPerSecond), ("decode_copy_fraction", result.DecodeMemoryFraction), ("step_ms", result.StepMilliseconds), ("drawn_step_ms", result.SampledStepMilliseconds), ("launch_us", result.StepLaunchMicroseconds));
            json.WriteEndArray();
            json.WriteStartArray("attention");
            foreach (var result in _attention) Write(json, null, ("batch", result.Batch), ("context_tokens", result.ContextTokens), ("us", result.Microseconds), ("copy_fraction", result.CopyFraction));
            json.WriteEndArray();
            json.WriteStartArray("overlapping");
            foreach (var result in _overlapping) Write(json, null, ("batch", result.Batch), ("prompt_tokens", result.PromptTokens), ("step_ms", result.StepMilliseconds), ("decode_copy_fraction", result.DecodeMemoryFraction));
            json.WriteEndArray();
            if (_pages is { } pages) Write(json, "pages", ("count", pages.Pages), ("page_bytes", pages.PageBytes), ("direct_fraction", pages.DirectFraction), ("gathered_fraction", pages.GatheredFraction), ("staged_fraction", pages.StagedFraction));
            WriteFigures(json);
            json.WriteStartArray("errors");
            foreach (var error in _errors) json.WriteStringValue(error);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private void WriteFigures(Utf8JsonWriter json)
    {
        json.WriteStartArray("goals");
        foreach (var figure in _figures.Where(figure => figure.Goal is not null))
        {
            json.WriteStartObject();
            json.WriteString("figure", figure.Name);
            WriteNumber(json, "measured", figure.Value);
            WriteNumber(json, "goal", figure.Goal!.Value);
            json.WriteBoolean("reached", figure.Verdict == "reached");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string? name, params ReadOnlySpan<(string Name, double Value)> fields)
    {
        if (name is null) json.WriteStartObject();
        else json.WriteStartObject(name);
        foreach (var (field, value) in fields) WriteNumber(json, field, value);
        json.WriteEndObject();
    }

    /// <summary>Five digits, which is more than a measurement has; JSON has no word for what is no number.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value == 0 || Math.Abs(value) >= 1e5 ? Math.Round(value) : double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
        else json.WriteNull(name);
    }
}
