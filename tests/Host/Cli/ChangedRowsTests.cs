using ActorInference.Host.Commands;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Tests.Cli;

/// <summary>What <c>get -w</c> prints.</summary>
public sealed class ChangedRowsTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_a_table_the_rows_that_have_changed_are_shown_and_not_those_that_are_older_only()
    {
        var rows = new ChangedRows(isTable: true);

        Assert.Equal("There are no groups.", rows.Next(_ => "There are no groups.", Begin));
        Assert.Equal("", rows.Next(_ => "There are no groups.", Begin));
        Assert.Equal("NAME   STATE         AGE\na      Progressing   5s", rows.Next(now => Table(now, ("a", "Progressing")), Begin.AddSeconds(5)));
        Assert.Equal("", rows.Next(now => Table(now, ("a", "Progressing")), Begin.AddSeconds(6)));
        Assert.Equal("bbbbb   Ready         7s", rows.Next(now => Table(now, ("a", "Progressing"), ("bbbbb", "Ready")), Begin.AddSeconds(7)));
        Assert.Equal("a       Ready   8s", rows.Next(now => Table(now, ("a", "Ready"), ("bbbbb", "Ready")), Begin.AddSeconds(8)));
        Assert.Equal("", rows.Next(now => Table(now, ("a", "Ready")), Begin.AddSeconds(9)));
    }

    [Fact]
    public void Without_headers_only_rows_are_shown()
    {
        var rows = new ChangedRows(isTable: true, hidesHeader: true);

        Assert.Equal("", rows.Next(_ => "", Begin));
        Assert.Equal("a      Progressing   5s", rows.Next(now => Table(now, ("a", "Progressing")), Begin.AddSeconds(5)));
        Assert.Equal("", rows.Next(now => Table(now, ("a", "Progressing")), Begin.AddSeconds(6)));
        Assert.Equal("a      Ready   7s", rows.Next(now => Table(now, ("a", "Ready")), Begin.AddSeconds(7)));
    }

    [Fact]
    public void Of_anything_else_all_is_shown_when_any_of_it_has_changed()
    {
        var rows = new ChangedRows(isTable: false);

        Assert.Equal("{\n  1\n}", rows.Next(_ => "{\n  1\n}", Begin));
        Assert.Equal("", rows.Next(_ => "{\n  1\n}", Begin));
        Assert.Equal("{\n  2\n}", rows.Next(_ => "{\n  2\n}", Begin));
    }

    private static string Table(DateTimeOffset now, params (string Name, string State)[] rows) =>
        GroupTables.Write(["NAME", "STATE", "AGE"], rows.Select(row => (IReadOnlyList<string>)[row.Name, row.State, GroupTables.Age(now - Begin)]));
}
