using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Testing.Kubernetes;

/// <summary>A certificate authority of a test, with certificates for a server on loopback and for users.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 authority;
    private readonly DateTimeOffset now;

    /// <summary>Makes an authority.</summary>
    public TestCertificates(TimeProvider? time = null)
    {
        now = (time ?? TimeProvider.System).GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        authority = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }

    /// <summary>The authority's certificate as PEM.</summary>
    public string AuthorityPem => authority.ExportCertificatePem();

    /// <summary>The authority's certificate.</summary>
    public X509Certificate2 Authority => authority;

    /// <summary>A certificate and its key as PEM.</summary>
    /// <param name="subject">Such as <c>CN=someone,O=system:masters</c>.</param>
    /// <param name="server">For a server on loopback instead of a user.</param>
    public (string Certificate, string Key) Issue(string subject, bool server = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        if (server)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddDnsName("kubernetes.default.svc");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = request.Create(authority, now.AddDays(-1), now.AddDays(20), RandomNumberGenerator.GetBytes(12));
        return (signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <inheritdoc/>
    public void Dispose() => authority.Dispose();
}
