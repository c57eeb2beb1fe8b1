using Akka.Configuration;

namespace ActorInference.Standins.Akka.Tests.Configuration;

/// <summary>Parts of the HOCON specification that Akka.NET's own parser leaves out.</summary>
public sealed class HoconBeyondAkkaTests
{
    [Fact]
    public void Plus_equals_adds_an_item_to_an_array()
    {
        var config = ConfigurationFactory.ParseString("a = [1]\na += 2\nb += 3\nc { d += 4\n d += 5 }");

        Assert.Equal([1, 2], config.GetIntList("a"));
        Assert.Equal([3], config.GetIntList("b"));
        Assert.Equal([4, 5], config.GetIntList("c.d"));
    }

    [Fact]
    public void A_substitution_falls_back_on_the_environment()
    {
        var name = $"HOCON_TEST_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(name, "from outside");
        try
        {
            Assert.Equal("from outside", ConfigurationFactory.ParseString($"a = ${{{name}}}").GetString("a"));
            Assert.Equal("from outside", ConfigurationFactory.ParseString($"a = ${{?{name}}}").GetString("a"));
            Assert.Equal("inside", ConfigurationFactory.ParseString($"{name} = inside\na = ${{{name}}}").GetString("a"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Fact]
    public void An_optional_substitution_without_a_value_leaves_what_was_there()
    {
        var config = ConfigurationFactory.ParseString("a = 1\na = ${?nowhere}\nb = x${?nowhere}y\nc = [1, ${?nowhere}, 2]\nd = ${?nowhere}");

        Assert.Equal(1, config.GetInt("a"));
        Assert.Equal("xy", config.GetString("b"));
        Assert.Equal([1, 2], config.GetIntList("c"));
        Assert.False(config.HasPath("d"));
    }

    [Fact]
    public void A_value_can_build_on_what_it_was_before()
    {
        var config = ConfigurationFactory.ParseString("path = /a\npath = ${path}\":/b\"\nlist = [1]\nlist = ${list} [2]\no { x = 1 }\no = ${o} { y = ${o.x} }");

        Assert.Equal("/a:/b", config.GetString("path"));
        Assert.Equal([1, 2], config.GetIntList("list"));
        Assert.Equal(1, config.GetInt("o.y"));
    }

    [Theory]
    [InlineData("a = ${base} { y = 2 }")]
    [InlineData("a = ${base}\na { y = 2 }")]
    [InlineData("a = ${base}\na.y = 2")]
    [InlineData("a { y = 2 }\na = ${base}")]
    public void An_object_can_be_taken_and_changed(string hocon)
    {
        var config = ConfigurationFactory.ParseString($"{hocon}\nbase {{ x = 1 }}");

        Assert.Equal(1, config.GetInt("a.x"));
        Assert.Equal(2, config.GetInt("a.y"));
        Assert.False(config.HasPath("base.y"));
    }

    [Fact]
    public void A_configuration_writes_itself_as_it_can_be_read()
    {
        var config = ConfigurationFactory.ParseString(
            "a { b = 1, c = [1, \"two words\", { d = 2 }], e = \"null\", f = null, \"g.h\" = \"say \\\"x\\\"\\n\", i = \"\", j {} }");

        var again = ConfigurationFactory.ParseString(config.ToString());

        Assert.Equal(config.ToString(), again.ToString());
        Assert.Equal("null", again.GetString("a.e"));
        Assert.True(again.GetValue("a.f").IsEmpty);
        Assert.Equal("say \"x\"\n", again.GetString("a.\"g.h\""));
        Assert.Equal("", again.GetString("a.i"));
        Assert.True(again.GetValue("a.j").IsObject());
    }
}
