using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Paths;

public sealed class ActorPathTests
{
    [Theory]
    [InlineData("akka://sys/user/a/b")]
    [InlineData("akka.tcp://sys@host:2552/user/a")]
    [InlineData("akka.tcp://sys@127.0.0.1:0/system/x-1")]
    public void A_path_reads_back_as_it_is_written(string text)
    {
        Assert.Equal(text, ActorPath.Parse(text).ToString());
    }

    [Fact]
    public void A_path_has_its_parts()
    {
        var path = ActorPath.Parse("akka.tcp://sys@host:2552/user/a/b");

        Assert.Equal("b", path.Name);
        Assert.Equal(["user", "a", "b"], path.Elements);
        Assert.Equal("a", path.Parent.Name);
        Assert.Equal(new Address("akka.tcp", "sys", "host", 2552), path.Address);
        Assert.Equal("/user/a/b", path.ToStringWithoutAddress());
        Assert.Equal(path, path.Root / "user" / "a" / "b");
    }

    [Fact]
    public void A_uid_is_written_for_others_and_ignored_in_comparison()
    {
        var path = ActorPath.Parse("akka://sys/user/a#42");

        Assert.Equal(42, path.Uid);
        Assert.Equal("akka://sys/user/a#42", path.ToSerializationFormat());
        Assert.Equal(ActorPath.Parse("akka://sys/user/a"), path);
    }

    [Fact]
    public void A_local_path_can_be_written_for_others_to_reach()
    {
        var path = ActorPath.Parse("akka://sys/user/a");

        Assert.Equal("akka.tcp://sys@host:1/user/a", path.ToStringWithAddress(new Address("akka.tcp", "sys", "host", 1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/user/a")]
    [InlineData("no path")]
    [InlineData("http://host/user")]
    public void What_is_no_path_is_not_parsed(string text)
    {
        Assert.False(ActorPath.TryParse(text, out _));
    }

    [Fact]
    public void An_address_has_its_parts()
    {
        var address = Address.Parse("akka.tcp://sys@host:2552");

        Assert.Equal("akka.tcp", address.Protocol);
        Assert.Equal("sys", address.System);
        Assert.Equal("host", address.Host);
        Assert.Equal(2552, address.Port);
        Assert.True(address.HasGlobalScope);
        Assert.Equal("sys@host:2552", address.HostPort());
        Assert.Equal("akka.tcp://sys@host:2553", address.WithPort(2553).ToString());
        Assert.True(new Address("akka", "sys").HasLocalScope);
    }

    [Theory]
    [InlineData("worker-1", true)]
    [InlineData("a.b_c~!", true)]
    [InlineData("with%20escape", true)]
    [InlineData("$a", false)]
    [InlineData("a/b", false)]
    [InlineData("", false)]
    public void Only_some_characters_may_stand_in_a_name(string name, bool valid)
    {
        Assert.Equal(valid, ActorPath.IsValidPathElement(name));
    }
}
