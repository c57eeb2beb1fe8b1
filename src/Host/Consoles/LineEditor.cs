using System.Collections.Immutable;

namespace ActorInference.Host.Consoles;

/// <summary>Reads lines from a terminal, with history (arrows) and completion (Tab).</summary>
public sealed class LineEditor(string prompt, Func<string, IReadOnlyList<string>> candidates)
{
    private const int MaxHistory = 500;

    /// <summary>Of a terminal that does not say how wide it is.</summary>
    private const int UnknownWidth = 80;

    private ImmutableArray<string> _history = [];

    /// <summary>The next line; null at Ctrl-D on an empty one. Ctrl-C gives up the line.</summary>
    public string? Read()
    {
        var state = LineState.Begin(_history);
        Draw(state);
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            var isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Console.WriteLine();
                    Remember(state.Text);
                    return state.Text;
                case ConsoleKey.D when isControl && state.Text.Length == 0:
                    Console.WriteLine();
                    return null;
                case ConsoleKey.C when isControl:
                    Console.WriteLine("^C");
                    state = LineState.Begin(_history);
                    break;
                case ConsoleKey.Tab:
                    state = Complete(state);
                    break;
                default:
                    state = state.Apply(key);
                    break;
            }

            Draw(state);
        }
    }

    private LineState Complete(LineState state)
    {
        var found = candidates(state.Text[..state.Cursor]);
        var completed = state.Complete(found);
        if (found.Count > 1 && completed.Text == state.Text) Console.Write($"\n{string.Join("  ", found)}\n");
        return completed;
    }

    private void Remember(string line)
    {
        if (string.IsNullOrWhiteSpace(line) || (_history.Length > 0 && _history[^1] == line)) return;
        _history = [.. _history.TakeLast(MaxHistory - 1), line];
    }

    /// <summary>Writes the line anew and puts the cursor where it belongs. A line longer than the terminal shows its part around the cursor.</summary>
    private void Draw(LineState state)
    {
        var columns = Console.WindowWidth > 0 ? Console.WindowWidth : UnknownWidth;
        var width = Math.Max(columns - prompt.Length - 1, 10);
        var first = Math.Max(0, state.Cursor - width + 1);
        var shown = state.Text.Substring(first, Math.Min(width, state.Text.Length - first));
        var back = shown.Length - (state.Cursor - first);
        Console.Write($"\r\e[K{prompt}{shown}{(back > 0 ? $"\e[{back}D" : "")}");
    }
}
