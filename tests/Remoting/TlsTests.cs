using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;

namespace ActorInference.Remoting.Tests;

public sealed class TlsTests : IDisposable
{
    private const string Password = "a password";

    private readonly string _folder = Directory.CreateTempSubdirectory("remoting-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Systems_with_certificates_talk_over_tls()
    {
        await using var here = RemoteSystem.Start("here", Tls("shared", suppressValidation: true));
        await using var there = RemoteSystem.Start("there", Tls("shared", suppressValidation: true));
        var echo = await there.ResolveFrom(here, there.System.ActorOf(Props.Create(() => new EchoActor())));
        var bytes = RandomNumberGenerator.GetBytes(100_000);

        Assert.Equal("secret", await echo.Ask<string>("secret", RemoteSystem.Patience));
        Assert.Equal(bytes, await echo.Ask<byte[]>(bytes, RemoteSystem.Patience));
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_not_accepted()
    {
        await using var here = RemoteSystem.Start("here", Tls("mine", suppressValidation: false));
        await using var there = RemoteSystem.Start("there", Tls("theirs", suppressValidation: true));
        there.System.ActorOf(Props.Create(() => new EchoActor()), "echo");

        await Assert.ThrowsAsync<ActorNotFoundException>(() => there.SelectFrom(here, "/user/echo").ResolveOne(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task A_system_without_tls_is_not_heard_by_one_with_it()
    {
        await using var here = RemoteSystem.Start("here");
        await using var there = RemoteSystem.Start("there", Tls("theirs", suppressValidation: true));
        there.System.ActorOf(Props.Create(() => new EchoActor()), "echo");

        await Assert.ThrowsAsync<ActorNotFoundException>(() => there.SelectFrom(here, "/user/echo").ResolveOne(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_certificate_file_that_is_not_there_stops_the_start()
    {
        var hocon = Tls("gone", suppressValidation: true);
        File.Delete(Path.Combine(_folder, "gone.pfx"));

        Assert.ThrowsAny<Exception>(() => RemoteSystem.Start("here", hocon));
    }

    /// <summary>Settings with a self-signed certificate of that name.</summary>
    private string Tls(string name, bool suppressValidation)
    {
        var path = Path.Combine(_folder, $"{name}.pfx");
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12, Password));
        return $$"""
            akka.remote.dot-netty.tcp {
              enable-ssl = true
              ssl {
                suppress-validation = {{(suppressValidation ? "true" : "false")}}
                certificate { path = "{{path}}", password = "{{Password}}", flags = ["default-flag-set"] }
              }
            }
            """;
    }
}
