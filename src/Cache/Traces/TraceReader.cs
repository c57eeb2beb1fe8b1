using System.Text.Json;

namespace ActorInference.Cache.Traces;

/// <summary>Reads request traces: one JSON object a line with timestamp (ms), input_length, output_length and hash_ids.</summary>
public static class TraceReader
{
    /// <summary>Reads lazily; empty lines are passed over.</summary>
    /// <exception cref="InvalidDataException">Names the file, the line and the field at fault.</exception>
    public static IEnumerable<TraceRequest> Read(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) yield return Parse(line, $"{path}, line {number}");
        }
    }

    private static TraceRequest Parse(string line, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"{where}: expected a JSON object, found {root.ValueKind}.");
            return new TraceRequest(
                (long)Number(root, "timestamp", long.MaxValue, where),
                (int)Number(root, "input_length", int.MaxValue, where),
                (int)Number(root, "output_length", int.MaxValue, where),
                Blocks(root, where));
        }
        catch (JsonException invalid)
        {
            throw new InvalidDataException($"{where}: not valid JSON: {invalid.Message}", invalid);
        }
    }

    private static int[] Blocks(JsonElement root, string where)
    {
        if (!root.TryGetProperty("hash_ids", out var ids) || ids.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException($"{where}: field hash_ids must be an array of block ids.");
        var blocks = new int[ids.GetArrayLength()];
        var next = 0;
        foreach (var id in ids.EnumerateArray())
        {
            if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out blocks[next]) || blocks[next] < 0)
                throw new InvalidDataException($"{where}: field hash_ids holds {id.GetRawText()}; an id must be a whole number from 0 to {int.MaxValue}.");
            next++;
        }

        return blocks;
    }

    private static double Number(JsonElement root, string field, double maximum, string where)
    {
        if (!root.TryGetProperty(field, out var value)) throw new InvalidDataException($"{where}: field {field} is missing.");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !(number >= 0 && number <= maximum))
            throw new InvalidDataException($"{where}: field {field} is {value.GetRawText()}; it must be a number from 0 to {maximum:R}.");
        return number;
    }
}
