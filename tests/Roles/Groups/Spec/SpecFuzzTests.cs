using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Spec;

/// <summary>Whatever is done to a spec, it is read or refused, and nothing else.</summary>
public sealed class SpecFuzzTests
{
    private static readonly string[] Pieces =
    [
        ": ", "\n", "- ", "[", "]", "{", "}", "null", "~", "100%", "-1", "1e999", "*a", "&a ", "!!binary ", "\"", "'", "|\n", ">-\n  x", "#", "---\n", "...\n", "? ", "\t", "\u0000",
        "\uFFFE", "$patch: delete", "99999999999999999999", "<<: *a", "0x10", "name: ", "\u2028", "%TAG ! x\n", "@", "`", "\\", "\"\\x", "\"\\u12", "\uD800",
    ];

    [Fact]
    public void Every_mutation_is_read_or_refused_with_the_typed_error()
    {
        var texts = Directory.EnumerateFiles(DeployFilesTests.Folder, "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        for (var seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            var text = Mutate(texts[seed % texts.Count], random);
            try
            {
                SpecReader.Read(text);
            }
            catch (SpecException refused)
            {
                Assert.All(refused.Errors, error => Assert.True(error.Line >= 1, $"seed {seed}: {error}"));
            }
            catch (Exception other)
            {
                Assert.Fail($"Seed {seed}: {other.GetType().Name}: {other.Message}\n{other.StackTrace}");
            }
        }
    }

    private static string Mutate(string text, Random random)
    {
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(1, 12), text.Length - at);
            text = random.Next(5) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
                2 => text.Remove(at, length).Insert(at, Pieces[random.Next(Pieces.Length)]),
                3 => text[..at] + (char)random.Next(1, 256) + text[(at + 1)..],
                _ => Swap(text, random),
            };
        }

        return text;
    }

    private static string Swap(string text, Random random)
    {
        var lines = text.Split('\n');
        var (left, right) = (random.Next(lines.Length), random.Next(lines.Length));
        (lines[left], lines[right]) = (lines[right], lines[left]);
        return string.Join('\n', lines);
    }
}
