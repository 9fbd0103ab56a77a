using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Our certificate for connections to a cluster.</summary>
internal static class ClientCertificate
{
    /// <summary>Reads it, with those between it and its authority: a server that knows only the authority needs them.</summary>
    /// <param name="certificates">The certificate first, then those between, as PEM.</param>
    /// <param name="key">Its key, as PEM.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">They cannot be read, or the key is another's.</exception>
    public static SslStreamCertificateContext Read(string certificates, string key)
    {
        X509Certificate2Collection between = [];
        between.ImportFromPem(certificates);
        if (between.Count > 0)
        {
            between.RemoveAt(0);
        }

        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificates, key), between, offline: true);
    }
}
