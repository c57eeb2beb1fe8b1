using Akka.Actor;
using Akka.Configuration;
using Akka.Discovery;
using Akka.Discovery.Dns;

namespace ActorInference.Standins.Akka.Discovery.Tests;

public sealed class DnsServiceDiscoveryTests
{
    private const int Truncated = 0x0200;
    private const int NameDoesNotExist = 3;
    private const int ServerFailed = 2;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Lookup Query = new("workers.local", "http", "tcp");

    [Fact]
    public async Task Srv_records_become_targets_with_ports_in_the_order_of_their_priority()
    {
        await using var server = new FakeNameServer((query, _) => FakeNameServer.Answer(query, 0, (2, 1, 9002, "127.0.0.2"), (1, 1, 9001, "127.0.0.1"), (1, 5, 9003, "127.0.0.3")));

        var found = await LookupAsync(server, Query);

        Assert.Equal(["127.0.0.3:9003", "127.0.0.1:9001", "127.0.0.2:9002"], found.Addresses.Select(each => $"{each.Address}:{each.Port}"));
    }

    [Fact]
    public async Task An_answer_that_was_cut_off_is_asked_for_again_by_tcp()
    {
        await using var server = new FakeNameServer((query, isTcp) => isTcp
            ? FakeNameServer.Answer(query, 0, (1, 1, 9001, "127.0.0.1"))
            : FakeNameServer.Answer(query, Truncated));

        Assert.Equal(9001, Assert.Single((await LookupAsync(server, Query)).Addresses).Port);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_has_no_addresses()
    {
        await using var server = new FakeNameServer((query, _) => FakeNameServer.Answer(query, NameDoesNotExist));

        Assert.Empty((await LookupAsync(server, Query)).Addresses);
    }

    [Fact]
    public async Task A_server_that_fails_or_is_silent_leaves_the_answer_to_the_next()
    {
        await using var failing = new FakeNameServer((query, _) => FakeNameServer.Answer(query, ServerFailed));
        await using var good = new FakeNameServer((query, _) => FakeNameServer.Answer(query, 0, (1, 1, 9001, "127.0.0.1")));

        Assert.Single((await LookupAsync($"[\"{failing.Address}\", \"{good.Address}\"]", Query)).Addresses);
        var error = await Assert.ThrowsAsync<DnsException>(() => LookupAsync(failing, Query));
        Assert.Contains("error code 2", error.Message);
    }

    [Fact]
    public async Task Silence_is_an_error_at_the_deadline()
    {
        await using var server = new FakeNameServer((_, _) => null);
        await using var system = new System(server.Address.ToString());

        await Assert.ThrowsAsync<TimeoutException>(() => system.Discovery.Lookup(Query, TimeSpan.FromMilliseconds(200)));
    }

    [Fact]
    public async Task Without_a_port_name_the_addresses_of_the_name_are_found()
    {
        await using var system = new System("127.0.0.1");

        var found = await system.Discovery.Lookup("localhost", Limit);

        Assert.Contains(found.Addresses, each => each.Address.ToString() == "127.0.0.1" && each.Port is null);
    }

    [Fact]
    public async Task A_wrong_name_server_is_named()
    {
        await using var system = new System("dns.example");

        var error = await Assert.ThrowsAsync<ConfigurationException>(() => system.Discovery.Lookup(Query, Limit));

        Assert.Equal("akka.discovery.akka-dns.nameservers has 'dns.example'; each must be an IP address, or an IP address with a port.", error.Message);
    }

    [Fact]
    public void Messages_that_are_cut_off_or_changed_are_refused_and_never_hang()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var query = DnsMessage.Query(7, "_http._tcp.workers.local");
        var whole = FakeNameServer.Answer(query, 0, (1, 1, 9001, "a.local"), (1, 1, 9002, "b.local"));
        for (var i = 0; i < 20_000; i++)
        {
            var message = whole[..random.Next(whole.Length + 1)];
            for (var changes = random.Next(4); changes > 0 && message.Length > 0; changes--) message[random.Next(message.Length)] = (byte)random.Next(256);
            try
            {
                var read = DnsMessage.Read(message, 7, "x");
                Assert.All(read.Records, record => Assert.InRange(record.Port, 0, ushort.MaxValue));
            }
            catch (DnsException)
            {
                // Refused, as it should be.
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, message {Convert.ToHexString(message)}: {e}");
            }
        }
    }

    [Theory]
    [InlineData("a..b")]
    [InlineData("ä.local")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.local")]
    public void A_name_that_dns_cannot_look_up_is_refused(string name) => Assert.Throws<DnsException>(() => DnsMessage.Query(1, name));

    private static Task<ServiceDiscovery.Resolved> LookupAsync(FakeNameServer server, Lookup lookup) => LookupAsync($"[\"{server.Address}\"]", lookup);

    private static async Task<ServiceDiscovery.Resolved> LookupAsync(string servers, Lookup lookup)
    {
        await using var system = new System(servers);
        return await system.Discovery.Lookup(lookup, Limit);
    }

    private sealed class System(string servers) : IAsyncDisposable
    {
        private readonly ActorSystem _system = ActorSystem.Create("dns", $$"""
            akka { loglevel = ERROR, stdout-loglevel = ERROR }
            akka.discovery { method = akka-dns, akka-dns.nameservers = {{(servers.StartsWith('[') ? servers : $"\"{servers}\"")}} }
            """);

        public ServiceDiscovery Discovery => global::Akka.Discovery.Discovery.Get(_system).Default;

        public async ValueTask DisposeAsync() => await _system.Terminate().WaitAsync(Limit);
    }
}
