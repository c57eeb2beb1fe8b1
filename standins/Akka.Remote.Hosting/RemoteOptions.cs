using System.Security.Cryptography.X509Certificates;
using System.Text;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;

namespace Akka.Remote.Hosting;

/// <summary>Settings of remoting; what is left null stays at its default.</summary>
public class RemoteOptions
{
    /// <summary>The host name or address to listen on.</summary>
    public string? HostName { get; set; }

    /// <summary>0 for any free port.</summary>
    public int? Port { get; set; }

    /// <summary>The host name that others reach this system by, if it is another.</summary>
    public string? PublicHostName { get; set; }

    public int? PublicPort { get; set; }

    public int? SendBufferSize { get; set; }

    public int? ReceiveBufferSize { get; set; }

    /// <summary>Bytes.</summary>
    public int? MaxFrameSize { get; set; }

    public bool? EnableSsl { get; set; }

    public SslOptions Ssl { get; set; } = new();

    public DeadlineFailureDetectorOptions? TransportFailureDetector { get; set; }

    public PhiAccrualFailureDetectorOptions? WatchFailureDetector { get; set; }

    internal void Build(AkkaConfigurationBuilder builder)
    {
        var hocon = new StringBuilder();
        Add(hocon, "hostname", HostName?.ToHocon());
        Add(hocon, "port", Port?.ToHocon());
        Add(hocon, "public-hostname", PublicHostName?.ToHocon());
        Add(hocon, "public-port", PublicPort?.ToHocon());
        Add(hocon, "send-buffer-size", SendBufferSize?.ToHocon());
        Add(hocon, "receive-buffer-size", ReceiveBufferSize?.ToHocon());
        Add(hocon, "maximum-frame-size", MaxFrameSize?.ToHocon());
        Add(hocon, "enable-ssl", EnableSsl?.ToHocon());
        if (EnableSsl == true) AddSsl(builder, hocon);
        TransportFailureDetector?.Build(hocon, "akka.remote.transport-failure-detector");
        WatchFailureDetector?.Build(hocon, "akka.remote.watch-failure-detector");
        if (hocon.Length > 0) builder.AddHocon(hocon.ToString(), HoconAddMode.Prepend);
    }

    internal static void Line(StringBuilder hocon, string key, string? value)
    {
        if (value is not null) hocon.Append(key).Append(" = ").AppendLine(value);
    }

    private static void Add(StringBuilder hocon, string key, string? value) => Line(hocon, $"akka.remote.dot-netty.tcp.{key}", value);

    private void AddSsl(AkkaConfigurationBuilder builder, StringBuilder hocon)
    {
        Add(hocon, "ssl.suppress-validation", Ssl.SuppressValidation?.ToHocon());
        if (Ssl.X509Certificate is { } certificate) builder.AddSetup(new DotNettySslSetup(certificate, Ssl.SuppressValidation ?? false));
        var options = Ssl.CertificateOptions;
        Add(hocon, "ssl.certificate.path", options.Path?.ToHocon());
        Add(hocon, "ssl.certificate.password", options.Password?.ToHocon());
        Add(hocon, "ssl.certificate.use-thumbprint-over-file", options.UseThumbprintOverFile?.ToHocon());
        Add(hocon, "ssl.certificate.thumbprint", options.Thumbprint?.ToHocon());
        Add(hocon, "ssl.certificate.store-name", options.StoreName?.ToHocon());
        Add(hocon, "ssl.certificate.store-location", options.StoreLocation?.ToHocon());
    }
}

/// <summary>What a system shows to others, and whether it checks what they show.</summary>
public sealed class SslOptions
{
    public bool? SuppressValidation { get; set; }

    /// <summary>Taken in place of <see cref="CertificateOptions"/>.</summary>
    public X509Certificate2? X509Certificate { get; set; }

    public SslCertificateOptions CertificateOptions { get; set; } = new();
}

/// <summary>Where a certificate is: in a PKCS#12 file, or in a store of the machine.</summary>
public sealed class SslCertificateOptions
{
    public string? Path { get; set; }

    public string? Password { get; set; }

    public bool? UseThumbprintOverFile { get; set; }

    public string? Thumbprint { get; set; }

    public string? StoreName { get; set; }

    /// <summary>"local-machine" or "current-user".</summary>
    public string? StoreLocation { get; set; }
}
