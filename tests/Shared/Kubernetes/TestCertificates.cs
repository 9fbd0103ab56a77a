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
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
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
    public (string Certificate, string Key) Issue(string subject, bool server = false) => Issue(subject, authority, server);

    /// <summary>A user's certificate from an authority between, with that authority's behind it, and its key, as PEM.</summary>
    public (string Certificates, string Key) IssueThroughAnother(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-ca-between", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var signed = request.Create(authority, now.AddDays(-1), now.AddDays(20), RandomNumberGenerator.GetBytes(12));
        using var between = signed.CopyWithPrivateKey(key);
        var (certificate, own) = Issue(subject, between, server: false);
        return ($"{certificate}\n{between.ExportCertificatePem()}", own);
    }

    /// <summary>Whether a client's certificate is from the authority, directly or through the certificates that the client has sent with it.</summary>
    public bool Trusts(X509Certificate2 given, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(given);
    }

    /// <inheritdoc/>
    public void Dispose() => authority.Dispose();

    private (string Certificate, string Key) Issue(string subject, X509Certificate2 issuer, bool server)
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

        using var signed = request.Create(issuer, now.AddDays(-1), now.AddDays(19), RandomNumberGenerator.GetBytes(12));
        return (signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
