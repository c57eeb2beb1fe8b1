using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>What one rendering may still use up.</summary>
internal sealed class RenderBudget
{
    /// <summary>The longest text, as output or as value: 16 Mi characters.</summary>
    public const int MaxTextCharacters = 16 << 20;

    private const int MaxIterations = 1_000_000;
    private const long MaxTextWork = 512L << 20;
    private int _iterations;
    private long _textWork;

    /// <summary>Counts the turns of loops, and the items that filters and operators look at.</summary>
    public void CountIterations(int count)
    {
        if (count > MaxIterations - _iterations) throw new TemplateFault($"the template makes more than {MaxIterations} loop iterations");
        _iterations += count;
    }

    /// <summary>Counts text that is built or searched, before it is.</summary>
    public void CountText(long characters)
    {
        CheckLength(characters);
        _textWork += characters;
        if (_textWork > MaxTextWork) throw new TemplateFault($"the template works through more than {MaxTextWork} characters of text");
    }

    public static void CheckLength(long characters)
    {
        if (characters > MaxTextCharacters) throw new TemplateFault($"the template writes more than {MaxTextCharacters} characters");
    }
}

/// <summary>The state of one rendering.</summary>
internal sealed class RenderContext(TimeProvider clock)
{
    public RenderBudget Budget { get; } = new();

    public TimeProvider Clock { get; } = clock;

    /// <summary>Where statements write: the result, or a text that is captured.</summary>
    public StringBuilder Output { get; private set; } = new();

    /// <summary>The line being rendered, for errors.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Macro calls that have begun and not ended.</summary>
    public int CallDepth { get; set; }

    public void Write(string text)
    {
        RenderBudget.CheckLength((long)Output.Length + text.Length);
        Output.Append(text);
    }

    /// <summary>Runs something and returns what it writes.</summary>
    public string Capture(Action write)
    {
        var outer = Output;
        Output = new StringBuilder();
        write();
        var text = Output;
        Output = outer;
        Budget.CountText(text.Length);
        return text.ToString();
    }
}
