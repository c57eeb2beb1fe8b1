using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;
using Akka.Util;

namespace Akka.Remote.Transport;

/// <summary>The certificate that this system shows, and how it checks those of others.</summary>
internal sealed class TlsSettings
{
    private const string Path = "akka.remote.dot-netty.tcp.ssl";

    private readonly X509Certificate2 _certificate;
    private readonly bool _suppressValidation;
    private readonly bool _isMutual;

    private TlsSettings(X509Certificate2 certificate, bool suppressValidation, bool isMutual)
    {
        _certificate = certificate;
        _suppressValidation = suppressValidation;
        _isMutual = isMutual;
    }

    /// <exception cref="ConfigurationException">There is no certificate where the settings point, or it has no private key.</exception>
    public static TlsSettings Create(Config ssl, Option<DotNettySslSetup> setup)
    {
        var isMutual = ssl.GetBoolean("require-mutual-authentication");
        if (setup.HasValue) return new TlsSettings(WithKey(setup.Value.Certificate, "the DotNettySslSetup"), setup.Value.SuppressValidation, isMutual);
        var certificate = ssl.GetBoolean("certificate.use-thumbprint-over-file") ? FromStore(ssl) : FromFile(ssl);
        return new TlsSettings(certificate, ssl.GetBoolean("suppress-validation"), isMutual);
    }

    /// <exception cref="AuthenticationException">The peer's certificate is not accepted, or it does not speak TLS.</exception>
    public async Task<Stream> AsClientAsync(Stream stream, string host, CancellationToken cancellation)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ClientCertificates = [_certificate],
                RemoteCertificateValidationCallback = Validate,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            },
            cancellation).ConfigureAwait(false);
        return secure;
    }

    public async Task<Stream> AsServerAsync(Stream stream, CancellationToken cancellation)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = _certificate,
                ClientCertificateRequired = _isMutual,
                RemoteCertificateValidationCallback = ValidateClient,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            },
            cancellation).ConfigureAwait(false);
        return secure;
    }

    private static X509Certificate2 FromFile(Config ssl)
    {
        var path = ssl.GetString("certificate.path");
        if (string.IsNullOrEmpty(path)) throw new ConfigurationException($"{Path}.certificate.path is empty; with enable-ssl it must name a PKCS#12 file.");
        try
        {
            return WithKey(X509CertificateLoader.LoadPkcs12FromFile(path, ssl.GetString("certificate.password")), $"'{path}'");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{Path}.certificate.path is '{path}', which cannot be read as PKCS#12 with the given password: {e.Message}", e);
        }
    }

    private static X509Certificate2 FromStore(Config ssl)
    {
        var thumbprint = ssl.GetString("certificate.thumbprint");
        var location = ssl.GetString("certificate.store-location") == "local-machine" ? StoreLocation.LocalMachine : StoreLocation.CurrentUser;
        var name = ssl.GetString("certificate.store-name") is { Length: > 0 } given ? given : "My";
        using var store = new X509Store(name, location);
        store.Open(OpenFlags.ReadOnly);
        var found = store.Certificates.Find(X509FindType.FindByThumbprint, thumbprint, validOnly: false);
        return found.Count > 0
            ? WithKey(found[0], $"[{thumbprint}]")
            : throw new ConfigurationException($"{Path}.certificate.thumbprint is [{thumbprint}]; the store {location}/{name} has no such certificate.");
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string source) => certificate.HasPrivateKey
        ? certificate
        : throw new ConfigurationException($"{Path}: the certificate of {source} has no private key.");

    private bool Validate(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors) =>
        certificate is not null && (_suppressValidation || errors == SslPolicyErrors.None);

    /// <summary>A dialler's certificate says who it is, not by which name it can be dialled.</summary>
    private bool ValidateClient(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors)
    {
        if (!_isMutual) return true;
        return certificate is not null && (_suppressValidation || (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None);
    }
}
