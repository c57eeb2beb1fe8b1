using System.Text;
using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Configuration;

/// <summary>Writes random settings in random styles, and reads them back.</summary>
public sealed class HoconRoundTripTests
{
    private static readonly string[] Keys = ["a", "b", "c-d", "long_key", "x1", "dotted.key", "/user/*", "with space", "Type, Assembly"];
    private static readonly string[] Texts =
        ["plain", "two words", "7", "-1.5", "on", "5s", "a#b", "x = y", "{", "[1,2]", "say \"hi\"", "tab\there", "line\nbreak", "C:\\temp", "", "é中"];

    [Fact]
    public void Whatever_is_written_is_read_back()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var settings = RandomObject(random, depth: 0);
            var hocon = new StringBuilder();
            WriteFields(hocon, settings, random, depth: 0);

            try
            {
                AssertHolds(settings, ConfigurationFactory.ParseString(hocon.ToString()), "");
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} failed on:\n{hocon}", e);
            }
        }
    }

    private static Dictionary<string, object> RandomObject(Random random, int depth)
    {
        var result = new Dictionary<string, object>();
        var count = random.Next(1, 5);
        while (result.Count < count)
        {
            result[Keys[random.Next(Keys.Length)]] = random.Next(depth < 3 ? 4 : 2) switch
            {
                0 => Texts[random.Next(Texts.Length)],
                1 => Enumerable.Range(0, random.Next(4)).Select(_ => Texts[random.Next(Texts.Length)]).ToArray(),
                _ => RandomObject(random, depth + 1),
            };
        }

        return result;
    }

    private static void WriteFields(StringBuilder hocon, Dictionary<string, object> settings, Random random, int depth)
    {
        foreach (var (key, value) in settings)
        {
            hocon.Append(' ', random.Next(3)).Append(Key(key, random));
            WriteValue(hocon, value, random, depth);
            hocon.Append((value is string ? random.Next(3) : random.Next(2)) switch { 0 => "\n", 1 => "  # a comment\n\n", _ => ", " });
        }
    }

    private static void WriteValue(StringBuilder hocon, object value, Random random, int depth)
    {
        switch (value)
        {
            case Dictionary<string, object> { Count: 1 } only when random.Next(2) == 0:
                var (key, inner) = only.Single();
                hocon.Append('.').Append(Key(key, random));
                WriteValue(hocon, inner, random, depth + 1);
                break;
            case Dictionary<string, object> fields:
                hocon.Append(random.Next(3) switch { 0 => " {", 1 => " = {\n", _ => ": { # begins\n" });
                WriteFields(hocon, fields, random, depth + 1);
                hocon.Append(random.Next(2) == 0 ? "}" : "\n}");
                break;
            case string[] items:
                hocon.Append(" = [").Append(string.Join(random.Next(2) == 0 ? ", " : "\n", items.Select(item => Text(item, random)))).Append(']');
                break;
            default:
                hocon.Append(random.Next(2) == 0 ? " = " : ":").Append(Text((string)value, random));
                break;
        }
    }

    private static string Key(string key, Random random) => key.Any(c => "./*,".Contains(c)) || random.Next(2) == 0 ? $"\"{key}\"" : key;

    private static string Text(string text, Random random)
    {
        var isPlain = text.Length > 0 && text.Trim() == text && text.All(c => char.IsLetterOrDigit(c) || c is ' ' or '.' or '-');
        return random.Next(3) switch
        {
            0 when isPlain => text,
            1 when !text.Contains('"') => $"\"\"\"{text}\"\"\"",
            _ => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("\t", "\\t")}\"",
        };
    }

    private static void AssertHolds(Dictionary<string, object> expected, Config actual, string path)
    {
        foreach (var (key, value) in expected)
        {
            var here = path.Length == 0 ? $"\"{key}\"" : $"{path}.\"{key}\"";
            Assert.True(actual.HasPath(here), here);
            switch (value)
            {
                case Dictionary<string, object> fields:
                    Assert.Equal(fields.Keys.Order(StringComparer.Ordinal), KeysAt(actual, here));
                    AssertHolds(fields, actual, here);
                    break;
                case string[] items:
                    Assert.Equal(items, actual.GetStringList(here));
                    break;
                default:
                    Assert.Equal((string)value, actual.GetString(here));
                    break;
            }
        }
    }

    private static IEnumerable<string> KeysAt(Config config, string path) =>
        config.GetValue(path).GetObject().Items.Keys.Order(StringComparer.Ordinal);
}
