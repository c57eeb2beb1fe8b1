using ActorInference.Cache.Traces;

namespace ActorInference.Cache.Tests.Radix;

/// <summary>Traces of other shapes than recorded ones have.</summary>
internal sealed class SyntheticTrace(int seed)
{
    private const int Requests = 5_000;

    private readonly Random _random = new(seed);
    private readonly List<TraceRequest> _trace = [];
    private int _blocks;

    public List<TraceRequest> Make(string shape)
    {
        switch (shape)
        {
            case "uniform": Documents(600, skew: 0, drift: 0, scans: 0); break;
            case "popular": Documents(1_000, skew: 0.9, drift: 0, scans: 0); break;
            case "drifting": Documents(1_000, skew: 0.9, drift: 0.25, scans: 0); break;
            case "scanned": Documents(600, skew: 0.8, drift: 0, scans: 0.5); break;
            case "cycle": Cycle(); break;
            case "system-prompts": SystemPrompts(); break;
            case "agents": Sessions(160, turns: () => _random.Next(5, 40), grow: () => _random.Next(1, 6), gapMs: 8_000); break;
            case "chats": Sessions(1_800, turns: () => 1 + (int)(-2.5 * Math.Log(1 - _random.NextDouble())), grow: () => _random.Next(1, 25), gapMs: 60_000); break;
            default: throw new ArgumentException($"There is no shape '{shape}'.", nameof(shape));
        }

        _trace.Sort(static (one, other) => one.TimestampMs.CompareTo(other.TimestampMs));
        return _trace;
    }

    private void Documents(int count, double skew, double drift, double scans)
    {
        var documents = Enumerable.Range(0, count).Select(_ => New(_random.Next(5, 40))).ToArray();
        var pick = Popular(count, skew);
        for (var i = 0; i < Requests; i++)
        {
            var blocks = _random.NextDouble() < scans ? New(_random.Next(10, 60)) : [.. documents[(pick() + (int)(i * drift)) % count], .. New(1)];
            Add(i * 300L, blocks);
        }
    }

    private void Cycle()
    {
        var documents = Enumerable.Range(0, 300).Select(_ => New(20)).ToArray();
        for (var i = 0; i < Requests; i++) Add(i * 300L, [.. documents[i % 300], .. New(1)]);
    }

    private void SystemPrompts()
    {
        var prompts = Enumerable.Range(0, 300).Select(_ => New(_random.Next(2, 12))).ToArray();
        var pick = Popular(300, 1);
        for (var i = 0; i < 2 * Requests; i++) Add(i * 100L, [.. prompts[pick()], .. New(_random.Next(1, 6))]);
    }

    private void Sessions(int count, Func<int> turns, Func<int> grow, double gapMs)
    {
        var systems = Enumerable.Range(0, 5).Select(_ => New(4)).ToArray();
        var begin = 0.0;
        for (var session = 0; session < count; session++)
        {
            begin += -900 * Math.Log(1 - _random.NextDouble());
            var (time, blocks) = (begin, systems[_random.Next(systems.Length)]);
            for (var turn = turns(); turn > 0; turn--)
            {
                blocks = [.. blocks, .. New(grow())];
                Add((long)time, [.. blocks, .. New(1)]);
                time += -gapMs * Math.Log(1 - _random.NextDouble());
            }
        }
    }

    /// <summary>Numbers below <paramref name="count"/> by Zipf's law; all alike without skew.</summary>
    private Func<int> Popular(int count, double skew)
    {
        var sums = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++) sums[i] = sum += Math.Pow(i + 1, -skew);
        return () =>
        {
            var found = Array.BinarySearch(sums, _random.NextDouble() * sum);
            return Math.Min(count - 1, found < 0 ? ~found : found);
        };
    }

    private int[] New(int count)
    {
        _blocks += count;
        return [.. Enumerable.Range(_blocks - count, count)];
    }

    private void Add(long timeMs, int[] blocks) => _trace.Add(new TraceRequest(timeMs, 512 * blocks.Length, 10, blocks));
}
