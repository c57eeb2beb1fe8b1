using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Configuration;

public sealed class ConfigFallbackTests
{
    private static readonly Config Upper = ConfigurationFactory.ParseString("a { x = 1, list = [1] }\nonly-upper = yes-it-is");
    private static readonly Config Lower = ConfigurationFactory.ParseString("a { x = 9, y = 2, list = [8, 9] }\nb = 3");

    [Fact]
    public void A_fallback_answers_where_the_configuration_is_silent()
    {
        var config = Upper.WithFallback(Lower);

        Assert.Equal(1, config.GetInt("a.x"));
        Assert.Equal(2, config.GetInt("a.y"));
        Assert.Equal(3, config.GetInt("b"));
        Assert.Equal([1], config.GetIntList("a.list"));
        Assert.True(config.HasPath("only-upper"));
    }

    [Fact]
    public void Merging_changes_neither_side()
    {
        _ = Upper.WithFallback(Lower);

        Assert.False(Upper.HasPath("b"));
        Assert.False(Upper.HasPath("a.y"));
        Assert.Equal(9, Lower.GetInt("a.x"));
        Assert.False(Lower.HasPath("only-upper"));
    }

    [Fact]
    public void A_section_of_a_merged_configuration_is_merged_too()
    {
        var section = Upper.WithFallback(Lower).GetConfig("a");

        Assert.Equal(1, section.GetInt("x"));
        Assert.Equal(2, section.GetInt("y"));
        Assert.Equal(["list", "x", "y"], section.AsEnumerable().Select(pair => pair.Key).Order());
    }

    [Fact]
    public void Fallbacks_stack_in_any_grouping()
    {
        var third = ConfigurationFactory.ParseString("a.x = 77, b = 88, c = 5");

        var left = Upper.WithFallback(Lower).WithFallback(third);
        var right = Upper.WithFallback(Lower.WithFallback(third));

        foreach (var config in new[] { left, right })
            Assert.Equal([1, 2, 3, 5], new[] { "a.x", "a.y", "b", "c" }.Select(path => config.GetInt(path)));
    }

    [Fact]
    public void A_plain_value_and_an_object_hide_each_other()
    {
        var plain = ConfigurationFactory.ParseString("a.b = 1");
        var nested = ConfigurationFactory.ParseString("a.b.c = 2");

        Assert.Equal(1, plain.WithFallback(nested).GetInt("a.b"));
        Assert.Equal(2, nested.WithFallback(plain).GetInt("a.b.c"));
    }

    [Fact]
    public void Empty_configurations_add_nothing()
    {
        Assert.True(Config.Empty.IsEmpty);
        Assert.True(ConfigurationFactory.ParseString("").IsEmpty);
        Assert.False(Upper.IsEmpty);
        Assert.Equal(1, Upper.WithFallback(Config.Empty).GetInt("a.x"));
        Assert.Equal(1, Config.Empty.WithFallback(Upper).GetInt("a.x"));
        Assert.True(((Config)null!).IsNullOrEmpty());
        Assert.Equal(1, ((Config)null!).SafeWithFallback(Upper).GetInt("a.x"));
        Assert.Equal(1, Upper.SafeWithFallback(null!).GetInt("a.x"));
    }

    [Fact]
    public void A_configuration_cannot_fall_back_on_itself() => Assert.Throws<ArgumentException>(() => Upper.WithFallback(Upper));

    [Fact]
    public void Defaults_are_for_what_is_not_set()
    {
        var config = Upper;

        Assert.Equal("d", config.GetString("none", "d"));
        Assert.Null(config.GetString("none"));
        Assert.Equal(7, config.GetInt("none", 7));
        Assert.Equal(0, config.GetInt("none"));
        Assert.True(config.GetBoolean("none", true));
        Assert.Equal(1.5, config.GetDouble("none", 1.5));
        Assert.Equal(TimeSpan.FromSeconds(3), config.GetTimeSpan("none", TimeSpan.FromSeconds(3)));
        Assert.Equal(TimeSpan.Zero, config.GetTimeSpan("none"));
        Assert.Null(config.GetByteSize("none"));
        Assert.Equal(12, config.GetByteSize("none", 12));
        Assert.Empty(config.GetStringList("none"));
        Assert.Null(config.GetConfig("none"));
        Assert.Null(config.GetValue("none"));
        Assert.False(config.HasPath("none"));
    }

    [Fact]
    public void Text_stands_for_the_configuration_that_it_spells()
    {
        Config config = "a.b = 1";

        Assert.Equal(1, config.GetInt("a.b"));
        Assert.Equal(2, (config + "c = 2").GetInt("c"));
        Assert.Equal(1, config.Root.AtKey("at").GetInt("at.a.b"));
    }

    [Fact]
    public void An_object_becomes_a_configuration()
    {
        var config = ConfigurationFactory.FromObject(new { Port = 4053, Nested = new { Name = "two words", Items = new[] { 1, 2 } }, On = true });

        Assert.Equal(4053, config.GetInt("Port"));
        Assert.Equal("two words", config.GetString("Nested.Name"));
        Assert.Equal([1, 2], config.GetIntList("Nested.Items"));
        Assert.True(config.GetBoolean("On"));
    }

    [Fact]
    public void The_engine_has_defaults()
    {
        var config = ConfigurationFactory.Default();

        Assert.Equal("INFO", config.GetString("akka.loglevel"));
        Assert.Equal(TimeSpan.FromSeconds(20), config.GetTimeSpan("akka.actor.creation-timeout"));
        Assert.Equal(Timeout.InfiniteTimeSpan, config.GetTimeSpan("akka.actor.ask-timeout"));
    }
}
