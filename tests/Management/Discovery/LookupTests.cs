using Akka.Discovery;

namespace ActorInference.Management.Tests.Discovery;

public sealed class LookupTests
{
    [Theory]
    [InlineData("_http._tcp.workers.svc.local", "workers.svc.local", "http", "tcp")]
    [InlineData("_management._udp.a", "a", "management", "udp")]
    public void An_srv_query_becomes_name_port_and_protocol(string query, string name, string port, string protocol)
    {
        Assert.True(Lookup.IsValid(query));
        Assert.Equal(new Lookup(name, port, protocol), Lookup.ParseSrv(query));
        Assert.Equal(new Lookup(name).WithPortName(port).WithProtocol(protocol), Lookup.ParseSrv(query));
    }

    [Theory]
    [InlineData("")]
    [InlineData("workers.svc.local")]
    [InlineData("_http.tcp.workers")]
    [InlineData("http._tcp.workers")]
    [InlineData("_http._tcp.-workers")]
    [InlineData("_http._tcp.wor_kers")]
    [InlineData("_http._tcp.9workers")]
    [InlineData("_http._tcp.workers.")]
    public void Other_forms_are_no_srv_query(string query)
    {
        Assert.False(Lookup.IsValid(query));
        Assert.ThrowsAny<ArgumentException>(() => Lookup.ParseSrv(query));
    }

    [Fact]
    public void A_lookup_has_a_name_and_is_equal_by_value()
    {
        Assert.Throws<ArgumentNullException>(() => new Lookup(""));
        Assert.NotEqual(new Lookup("a"), new Lookup("a", "http"));
        Assert.Equal(new Lookup("a", "http").GetHashCode(), new Lookup("a", "http").GetHashCode());
    }
}
