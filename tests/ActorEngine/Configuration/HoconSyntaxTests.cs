using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Configuration;

public sealed class HoconSyntaxTests
{
    [Theory]
    [InlineData("a.b.c = 1")]
    [InlineData("a { b { c = 1 } }")]
    [InlineData("a : { b : { c : 1 } }")]
    [InlineData("{ a = { b.c = 1 } }")]
    [InlineData("{\"a\": {\"b\": {\"c\": 1}}}")]
    [InlineData("\"a\".b.\"c\" = 1")]
    [InlineData("a\n{\n  b\n  {\n    c\n    =\n    1\n  }\n}\n")]
    [InlineData("a.b { c = 1 }")]
    [InlineData("# first\na.b.c = 1 # last")]
    [InlineData("// first\r\na.b.c\t=\t1\t// last\r\n")]
    public void The_same_setting_can_be_written_in_many_ways(string hocon)
    {
        var config = ConfigurationFactory.ParseString(hocon);

        Assert.Equal(1, config.GetInt("a.b.c"));
        Assert.Equal("1", config.GetConfig("a").GetConfig("b").GetString("c"));
    }

    [Theory]
    [InlineData("a = hello", "hello")]
    [InlineData("a = hello there  you", "hello there  you")]
    [InlineData("a =  \t hello \t ", "hello")]
    [InlineData("a = \"hello\"", "hello")]
    [InlineData("a = \"\"", "")]
    [InlineData("a = \"say \\\"hi\\\"\\n\\t\\\\ \\u0041\"", "say \"hi\"\n\t\\ A")]
    [InlineData("a = \"\"\"C:\\temp \"x\"\nsecond\"\"\"", "C:\\temp \"x\"\nsecond")]
    [InlineData("a = \"one\"two \"three\"", "onetwo three")]
    [InlineData("a = 127.0.0.1", "127.0.0.1")]
    [InlineData("a = /user/router", "/user/router")]
    [InlineData("a = -1.5e3", "-1.5e3")]
    [InlineData("a = \"# no comment // here\"", "# no comment // here")]
    [InlineData("a = \"akka.tcp://sys@host:4053\"", "akka.tcp://sys@host:4053")]
    [InlineData("a = é中", "é中")]
    public void A_text_is_read_as_it_was_meant(string hocon, string expected) =>
        Assert.Equal(expected, ConfigurationFactory.ParseString(hocon).GetString("a"));

    [Theory]
    [InlineData("a = []")]
    [InlineData("a = [1, 2, 3]", "1", "2", "3")]
    [InlineData("a = [1, 2, 3,]", "1", "2", "3")]
    [InlineData("a = [\n  1\n  2\n  3\n]", "1", "2", "3")]
    [InlineData("a = [\n  1,\n  2, 3\n]", "1", "2", "3")]
    [InlineData("a = [one two, \"three, four\"]", "one two", "three, four")]
    [InlineData("a = [1, 2] [3]", "1", "2", "3")]
    [InlineData("a = [\n  # why\n  1\n]", "1")]
    public void An_array_keeps_its_items_in_order(string hocon, params string[] expected) =>
        Assert.Equal(expected, ConfigurationFactory.ParseString(hocon).GetStringList("a"));

    [Fact]
    public void An_array_can_hold_objects()
    {
        var value = ConfigurationFactory.ParseString("a = [{ x = 1 }, { x = 2, y { z = 3 } }]").GetValue("a");

        Assert.True(value.IsArray());
        Assert.Equal([1, 2], value.GetArray().Select(item => item.GetObject().GetKey("x").GetInt()));
        Assert.Equal(3, value.GetArray()[1].GetObject().GetKey("y").GetObject().GetKey("z").GetInt());
    }

    [Fact]
    public void A_later_setting_replaces_an_earlier_one_and_objects_add_up()
    {
        var config = ConfigurationFactory.ParseString("""
            a { x = 1, y = 2 }
            a { y = 3 }
            a.z = 4
            b = text
            b { c = 5 }
            d { e = 6 }
            d = 7
            """);

        Assert.Equal([1, 3, 4], new[] { "a.x", "a.y", "a.z" }.Select(path => config.GetInt(path)));
        Assert.Equal(5, config.GetInt("b.c"));
        Assert.Equal(7, config.GetInt("d"));
        Assert.False(config.HasPath("d.e"));
    }

    [Fact]
    public void Null_hides_what_stood_there_before()
    {
        var config = ConfigurationFactory.ParseString("a.b = 1\na = null\na.c = 3");

        Assert.Null(config.GetString("a.b"));
        Assert.Equal(3, config.GetInt("a.c"));
    }

    [Fact]
    public void A_quoted_key_may_hold_dots_and_spaces()
    {
        var config = ConfigurationFactory.ParseString("""deployment { "/router/*.x" = { n = 1 }, a b = 2 }""");

        Assert.Equal(1, config.GetInt("""deployment."/router/*.x".n"""));
        Assert.Equal(2, config.GetInt("deployment.a b"));
        Assert.Equal(["/router/*.x", "a b"], config.GetConfig("deployment").AsEnumerable().Select(pair => pair.Key));
    }

    [Fact]
    public void Include_is_an_ordinary_key_unless_a_name_in_quotes_follows()
    {
        var config = ConfigurationFactory.ParseString("include = 1\nincludes = 2");

        Assert.Equal(1, config.GetInt("include"));
        Assert.Equal(2, config.GetInt("includes"));
    }

    [Fact]
    public void An_included_document_lands_where_it_is_named()
    {
        var config = ConfigurationFactory.ParseString(
            "a { include \"defaults\"\n x = 1 }",
            name => Akka.Configuration.Hocon.Parser.Parse($"name = {name}, x = 9, y = 2", null));

        Assert.Equal("defaults", config.GetString("a.name"));
        Assert.Equal(1, config.GetInt("a.x"));
        Assert.Equal(2, config.GetInt("a.y"));
    }

    [Theory]
    [InlineData("a = ${missing}")]
    [InlineData("a = b=c")]
    [InlineData("a = user@host")]
    [InlineData("a = b:c")]
    [InlineData("a = 1,, b = 2")]
    [InlineData("a = \"bad \\q escape\"")]
    [InlineData("a$b = 1")]
    [InlineData("a = x?")]
    public void Text_that_is_no_hocon_is_refused(string hocon) =>
        Assert.ThrowsAny<Exception>(() => ConfigurationFactory.ParseString(hocon));
}
