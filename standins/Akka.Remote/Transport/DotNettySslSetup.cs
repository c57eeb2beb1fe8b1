using System.Security.Cryptography.X509Certificates;
using Akka.Actor.Setup;

namespace Akka.Remote.Transport.DotNetty;

/// <summary>A certificate given in code, in place of the configured one. <c>enable-ssl</c> must be on.</summary>
public sealed class DotNettySslSetup(X509Certificate2 certificate, bool suppressValidation) : Setup
{
    public X509Certificate2 Certificate { get; } = certificate;

    /// <summary>Whether any certificate of a peer is taken.</summary>
    public bool SuppressValidation { get; } = suppressValidation;
}
