using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Runtime.Fetching;

/// <summary>Certificate authorities that are trusted besides the system's: those of a store that has its own.</summary>
internal static class Authorities
{
    // id-kp-serverAuth (RFC 5280): a certificate for something else does not make a server.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Reads certificates in PEM; null when there is none, or one cannot be read.</summary>
    public static X509Certificate2Collection? Read(string pem)
    {
        X509Certificate2Collection authorities = [];
        try
        {
            authorities.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            return null;
        }

        return authorities.Count > 0 ? authorities : null;
    }

    /// <summary>Makes a handler trust them, too. Only an unknown authority is made up for: another name or a certificate that is over stays refused.</summary>
    public static void Trust(SslClientAuthenticationOptions options, X509Certificate2Collection authorities) =>
        options.RemoteCertificateValidationCallback = (_, certificate, seen, errors) => errors switch
        {
            SslPolicyErrors.None => true,
            SslPolicyErrors.RemoteCertificateChainErrors when certificate is X509Certificate2 leaf => IsSignedBy(authorities, leaf, seen),
            _ => false,
        };

    private static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate2 leaf, X509Chain? seen)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (seen is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(seen.ChainElements.Skip(1).Select(element => element.Certificate).ToArray());
        }

        return chain.Build(leaf);
    }
}
