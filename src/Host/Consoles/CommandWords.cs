using System.Text;

namespace ActorInference.Host.Consoles;

/// <summary>Splits a typed line into words: at blanks, but not within quotes, and a backslash takes the next character as it is.</summary>
public static class CommandWords
{
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var isWord = false;
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
        {
            var character = line[i];
            if (character == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(line[++i]);
                isWord = true;
            }
            else if (quote != '\0')
            {
                if (character == quote) quote = '\0';
                else word.Append(character);
            }
            else if (character is '"' or '\'')
            {
                quote = character;
                isWord = true;
            }
            else if (!char.IsWhiteSpace(character))
            {
                word.Append(character);
                isWord = true;
            }
            else if (isWord)
            {
                words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
        }

        if (quote != '\0') throw new FormatException($"A quote {quote} is not closed.");
        if (isWord) words.Add(word.ToString());
        return words;
    }
}
