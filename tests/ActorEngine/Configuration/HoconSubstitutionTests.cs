using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Configuration;

public sealed class HoconSubstitutionTests
{
    [Theory]
    [InlineData("b = 3\na = ${b}", "3")]
    [InlineData("a = ${b}\nb = 3", "3")]
    [InlineData("a = ${b.c}\nb { c = deep }", "deep")]
    [InlineData("name = Roger\na = Hello ${name}", "Hello Roger")]
    [InlineData("name = Roger\na = ${name}\" or \"${name}", "Roger or Roger")]
    [InlineData("x = 1\na = ${x}23", "123")]
    [InlineData("a = ${b}\nb = ${c}\nc = last", "last")]
    [InlineData("b = 1\na = ${b}\nb = 2", "2")]
    [InlineData("b = 1\na = \"${b}\"", "${b}")]
    public void A_substitution_stands_for_the_final_value_of_its_path(string hocon, string expected) =>
        Assert.Equal(expected, ConfigurationFactory.ParseString(hocon).GetString("a"));

    [Fact]
    public void A_substitution_inside_an_object_names_the_path_from_the_root()
    {
        var config = ConfigurationFactory.ParseString("a { b = 1, c = ${a.b}, d = ${a.c}0 }");

        Assert.Equal(1, config.GetInt("a.c"));
        Assert.Equal(10, config.GetInt("a.d"));
    }

    [Fact]
    public void Arrays_are_joined_by_substitution()
    {
        var config = ConfigurationFactory.ParseString("b = [1, 2]\na = ${b} [3, 4]\nc = [0] ${b}");

        Assert.Equal([1, 2, 3, 4], config.GetIntList("a"));
        Assert.Equal([0, 1, 2], config.GetIntList("c"));
    }

    [Fact]
    public void An_object_can_be_taken_whole()
    {
        var config = ConfigurationFactory.ParseString("a = ${defaults}\ndefaults { x = 1, y { z = 2 } }");

        Assert.Equal(1, config.GetInt("a.x"));
        Assert.Equal(2, config.GetConfig("a").GetInt("y.z"));
    }

    [Fact]
    public void An_optional_substitution_may_come_to_nothing() =>
        Assert.Null(ConfigurationFactory.ParseString("a = ${?no.such.path.anywhere}").GetString("a"));
}
