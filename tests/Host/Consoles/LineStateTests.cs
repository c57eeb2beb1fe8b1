using ActorInference.Host.Consoles;

namespace ActorInference.Host.Tests.Consoles;

public sealed class LineStateTests
{
    [Fact]
    public void Typed_characters_stand_where_the_cursor_is()
    {
        var state = Type(LineState.Begin([]), "ctor").Apply(Key(ConsoleKey.Home));

        state = Type(state, "a");

        Assert.Equal(("actor", 1), (state.Text, state.Cursor));
        Assert.Equal("acto", state.Apply(Key(ConsoleKey.End)).Apply(Key(ConsoleKey.Backspace)).Text);
        Assert.Equal("ator", state.Apply(Key(ConsoleKey.Delete)).Text);
    }

    [Theory]
    [InlineData(ConsoleKey.U, "tree", 0)]
    [InlineData(ConsoleKey.K, "actor ", 6)]
    [InlineData(ConsoleKey.W, "tree", 0)]
    [InlineData(ConsoleKey.A, "actor tree", 0)]
    [InlineData(ConsoleKey.E, "actor tree", 10)]
    public void Control_keys_edit_as_in_a_shell(ConsoleKey key, string expected, int cursor)
    {
        var state = Type(LineState.Begin([]), "actor tree") with { Cursor = 6 };

        state = state.Apply(Key(key, control: true));

        Assert.Equal((expected, cursor), (state.Text, state.Cursor));
    }

    [Fact]
    public void Arrows_walk_the_history_and_come_back_to_the_line_being_typed()
    {
        var state = Type(LineState.Begin(["first", "second"]), "dra");

        var second = state.Apply(Key(ConsoleKey.UpArrow));
        var first = second.Apply(Key(ConsoleKey.UpArrow));

        Assert.Equal(("second", "first"), (second.Text, first.Text));
        Assert.Equal(first, first.Apply(Key(ConsoleKey.UpArrow)));
        Assert.Equal("dra", first.Apply(Key(ConsoleKey.DownArrow)).Apply(Key(ConsoleKey.DownArrow)).Text);
        Assert.Equal("dra", first.Apply(Key(ConsoleKey.DownArrow)).Apply(Key(ConsoleKey.DownArrow)).Apply(Key(ConsoleKey.DownArrow)).Text);
    }

    [Fact]
    public void Completion_goes_as_far_as_the_candidates_agree()
    {
        var state = Type(LineState.Begin([]), "log l");

        Assert.Equal("log level ", state.Complete(["level"]).Text);
        Assert.Equal("log le", state.Complete(["level", "leave"]).Text);
        Assert.Equal(state, state.Complete([]));
        Assert.Equal("worker ", Type(LineState.Begin([]), "w").Complete(["worker"]).Text);
        Assert.Equal("worker ", LineState.Begin([]).Complete(["worker"]).Text);
    }

    [Fact]
    public void No_keys_lead_outside_the_line()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        ConsoleKey[] keys = [ConsoleKey.LeftArrow, ConsoleKey.RightArrow, ConsoleKey.UpArrow, ConsoleKey.DownArrow, ConsoleKey.Backspace, ConsoleKey.Delete, ConsoleKey.Home, ConsoleKey.End, ConsoleKey.W, ConsoleKey.U, ConsoleKey.K];
        var state = LineState.Begin(["an old line", "another"]);
        for (var i = 0; i < 20_000; i++)
        {
            state = random.Next(3) switch
            {
                0 => Type(state, "ab c"[random.Next(4)].ToString()),
                1 => state.Complete(["abc", "abd"]),
                _ => state.Apply(Key(keys[random.Next(keys.Length)], control: random.Next(2) == 0)),
            };
            Assert.True(state.Cursor >= 0 && state.Cursor <= state.Text.Length, $"Seed {seed}, key {i}: {state}");
        }
    }

    private static LineState Type(LineState state, string text) =>
        text.Aggregate(state, (line, character) => line.Apply(new ConsoleKeyInfo(character, ConsoleKey.None, false, false, false)));

    private static ConsoleKeyInfo Key(ConsoleKey key, bool control = false) => new('\0', key, false, false, control);
}
