using System.Text.Json;
using System.Text.Json.Serialization;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Benchmarks;

/// <summary>
/// What happened when, for who wants to know why a figure is as it is: each change of an instance as its group shows it, and each turn
/// of a conversation, as JSON lines in the order of their times.
/// </summary>
/// <param name="file">Is appended to; null for none.</param>
/// <param name="mode">Written into each line.</param>
public sealed class UpgradeLog(string? file, string mode)
{
    private readonly Dictionary<string, string> _last = [];
    private readonly List<UpgradeLogLine> _lines = [];

    /// <summary>Notes what is different from the last time.</summary>
    public void Take(TimeSpan at, GroupBody group)
    {
        foreach (var instance in group.Instances)
        {
            var state = $"{instance.Status}, {instance.Ready} of {instance.Size} ready, revision {instance.Revision}";
            if (_last.TryGetValue(instance.Name, out var last) && last == state) continue;
            _last[instance.Name] = state;
            _lines.Add(new UpgradeLogLine(mode, at.TotalSeconds, instance.Name, state, null, null, null, null, null));
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(IEnumerable<TurnRecord> turns)
    {
        if (file is null) return;
        var told = turns.Select(turn => new UpgradeLogLine(
            mode, turn.SentAt.TotalSeconds, null, null, turn.Outcome.ToString(), turn.Ttft?.TotalSeconds, (turn.EndedAt - turn.SentAt).TotalSeconds, turn.CachedTokens, turn.KnownTokens));
        File.AppendAllLines(file, _lines.Concat(told).OrderBy(line => line.AtS).Select(line => JsonSerializer.Serialize(line, UpgradeLogJson.Default.UpgradeLogLine)));
    }
}

/// <param name="AtS">Seconds on the benchmark's clock: of a turn, when it was sent.</param>
/// <param name="Instance">Of a change; null in a turn's line.</param>
/// <param name="State">Its new one.</param>
/// <param name="Outcome">Of a turn.</param>
/// <param name="TtftS">Seconds to its first token.</param>
/// <param name="LastedS">Seconds to its last.</param>
/// <param name="CachedTokens">Tokens that were not computed.</param>
/// <param name="KnownTokens">Tokens that an earlier turn had computed.</param>
internal sealed record UpgradeLogLine(
    string Mode, double AtS, string? Instance, string? State, string? Outcome, double? TtftS, double? LastedS, int? CachedTokens, int? KnownTokens);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(UpgradeLogLine))]
internal sealed partial class UpgradeLogJson : JsonSerializerContext;
