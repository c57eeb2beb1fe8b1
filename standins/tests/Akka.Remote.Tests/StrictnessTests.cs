using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport.DotNetty;
using Akka.TestKit;

namespace ActorInference.Standins.Remote.Tests;

/// <summary>Where this remoting is stricter, or says more, than the package that it stands for.</summary>
public sealed class StrictnessTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<ActorSystem> _systems = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var system in _systems) await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_type_that_is_not_registered_is_not_loaded_from_the_wire()
    {
        var here = Start("here");
        var there = Start("there");
        var probe = new Akka.TestKit.Xunit2.TestKit(there).CreateTestProbe();
        var errors = Subscribe(there, typeof(Error));
        var receiver = await Resolve(here, there, probe.Ref);

        receiver.Tell(new Unregistered("x"), ActorRefs.NoSender);
        receiver.Tell("registered", ActorRefs.NoSender);

        await probe.ExpectMsgAsync("registered", Patience);
        var error = await errors.ExpectMsgAsync<Error>(Patience);
        Assert.Contains("allowed-assemblies", error.Cause.Message);
    }

    [Fact]
    public async Task A_collection_of_plain_values_needs_no_registration()
    {
        var here = Start("here");
        var there = Start("there");
        var probe = new Akka.TestKit.Xunit2.TestKit(there).CreateTestProbe();

        (await Resolve(here, there, probe.Ref)).Tell(new Dictionary<string, List<int>> { ["a"] = [1, 2] }, ActorRefs.NoSender);

        var got = await probe.ExpectMsgAsync<Dictionary<string, List<int>>>(Patience);
        Assert.Equal([1, 2], got["a"]);
    }

    [Fact]
    public async Task Garbage_is_one_warning()
    {
        var there = Start("there");
        var warnings = Subscribe(there, typeof(Warning));

        var garbage = new byte[500_000];
        new Random(1).NextBytes(garbage);
        using var vandal = new TcpClient();
        await vandal.ConnectAsync(IPAddress.Loopback, Address(there).Port!.Value);
        try
        {
            await vandal.GetStream().WriteAsync(garbage);
        }
        catch (IOException)
        {
            // It was heard enough of, and cut off in the middle.
        }

        var warning = await warnings.ExpectMsgAsync<Warning>(Patience);
        Assert.Contains("is closed", warning.Message.ToString());
        await warnings.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void A_taken_port_is_named_in_the_error()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var error = Assert.Throws<RemoteTransportException>(() => Start("late", $"akka.remote.dot-netty.tcp.port = {port}"));

        Assert.Contains($"127.0.0.1:{port}", error.Message);
    }

    [Fact]
    public async Task A_system_of_another_name_at_the_address_refuses_with_the_reason()
    {
        var here = Start("here");
        var there = Start("there");
        var warnings = Subscribe(here, typeof(Warning));

        var wrong = here.ActorSelection(Address(there).WithSystem("somebody-else") + "/user/x");
        await Assert.ThrowsAsync<ActorNotFoundException>(() => wrong.ResolveOne(TimeSpan.FromSeconds(5)));

        var warning = await warnings.FishForMessageAsync<Warning>(each => each.Message.ToString()!.Contains("was meant"), Patience);
        Assert.Contains("akka.tcp://there@", warning.Message.ToString());
    }

    [Fact]
    public async Task With_mutual_authentication_a_dialler_must_show_a_certificate_that_is_accepted()
    {
        const string Tls = "akka.remote.dot-netty.tcp { enable-ssl = true, ssl.require-mutual-authentication = true }";
        using var ours = SelfSigned("ours");
        var here = Start("here", Tls, new DotNettySslSetup(ours, suppressValidation: true));
        var strict = Start("strict", Tls, new DotNettySslSetup(ours, suppressValidation: false));
        var open = Start("open", Tls, new DotNettySslSetup(ours, suppressValidation: true));
        open.ActorOf(Props.Create(() => new Echo()), "echo");
        strict.ActorOf(Props.Create(() => new Echo()), "echo");

        Assert.Equal("a", await (await here.ActorSelection($"{Address(open)}/user/echo").ResolveOne(Patience)).Ask<string>("a", Patience));
        await Assert.ThrowsAsync<ActorNotFoundException>(() => here.ActorSelection($"{Address(strict)}/user/echo").ResolveOne(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_frame_size_out_of_range_is_named()
    {
        var error = Assert.Throws<ConfigurationException>(() => Start("here", "akka.remote.dot-netty.tcp.maximum-frame-size = 100"));

        Assert.Contains("akka.remote.dot-netty.tcp.maximum-frame-size is 100", error.Message);
    }

    private static Address Address(ActorSystem system) => ((ExtendedActorSystem)system).Provider.DefaultAddress;

    private static Task<IActorRef> Resolve(ActorSystem from, ActorSystem to, IActorRef actor) =>
        from.ActorSelection(Address(to) + actor.Path.ToStringWithoutAddress()).ResolveOne(Patience);

    private static TestProbe Subscribe(ActorSystem system, Type what)
    {
        var probe = new Akka.TestKit.Xunit2.TestKit(system).CreateTestProbe();
        system.EventStream.Subscribe(probe.Ref, what);
        return probe;
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private ActorSystem Start(string name, string hocon = "", Setup? setup = null)
    {
        var config = ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString("""
            akka {
              actor.provider = remote
              loglevel = WARNING
              stdout-loglevel = OFF
              loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]
              log-dead-letters = off
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            }
            """));
        var bootstrap = BootstrapSetup.Create().WithConfig(config);
        var system = ActorSystem.Create(name, setup is null ? ActorSystemSetup.Create(bootstrap) : ActorSystemSetup.Create(bootstrap, setup));
        _systems.Add(system);
        return system;
    }

    private sealed record Unregistered(string Text);

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
