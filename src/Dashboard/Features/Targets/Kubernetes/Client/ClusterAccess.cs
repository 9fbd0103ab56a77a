using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Where a cluster is and how to sign in to it, with everything that was in files read.</summary>
internal sealed class ClusterAccess : IDisposable
{
    /// <summary>The address of its API.</summary>
    public required Uri Server { get; init; }

    /// <summary>The authorities its certificate may be from; none for those of the system.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>Our certificate with its key, and those between it and its authority.</summary>
    public SslStreamCertificateContext? ClientCertificate { get; init; }

    /// <summary>Gives the bearer token, or a certificate that changes; null for neither.</summary>
    public IClusterToken? Token { get; init; }

    /// <summary>The name that its certificate must have when it is not the address's.</summary>
    public string? ServerName { get; init; }

    /// <summary>The proxy on the way, with user and password if it wants them; null for the environment's.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Stands for everything that was read to make it, files included: another mark means that something of it has changed.</summary>
    public string Mark { get; init; } = "";

    /// <summary>Does not check its certificate. Only with <see cref="KubernetesOptions.AllowInsecure"/>.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Makes a handler for requests to it. The access must live as long.</summary>
    public HttpMessageHandler CreateHandler() => new SignInHandler(this);

    /// <summary>Makes a handler that connects with a certificate, and signs in by nothing else.</summary>
    /// <param name="certificate">Our certificate; null for none.</param>
    internal SocketsHttpHandler Connect(SslStreamCertificateContext? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),

            // A connection whose other end went without a word is noticed, so that no watch stays silent for ever.
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            SslOptions = Tls(certificate),
            ConnectCallback = ConnectAsync,
        };
        if (Proxy is not null)
        {
            handler.Proxy = new WebProxy(new UriBuilder(Proxy) { UserName = "", Password = "" }.Uri) { Credentials = Credentials(Proxy.UserInfo) };
        }

        return handler;
    }

    /// <summary>A mark of what an access is made of.</summary>
    public static string MarkOf(params IEnumerable<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            // With the length before it, so that no two lists of parts read alike.
            hash.AppendData(Encoding.UTF8.GetBytes($"{part?.Length ?? -1}:{part}"));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ClientCertificate?.TargetCertificate.Dispose();
        foreach (var authority in Authorities)
        {
            authority.Dispose();
        }
    }

    private static ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation) => CheckedAddresses.ConnectAsync(
        context.DnsEndPoint, AddressRules.IsMetadata, host => new ClusterException(ClusterProblem.Unreachable, AddressRules.RefusalOf(host)), cancellation);

    private static NetworkCredential? Credentials(string userInfo)
    {
        var parts = userInfo.Split(':', 2);
        return userInfo.Length == 0 ? null : new(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
    }

    private SslClientAuthenticationOptions Tls(SslStreamCertificateContext? certificate)
    {
        var tls = new SslClientAuthenticationOptions { ClientCertificateContext = certificate };
        if (Authorities.Count > 0)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(Authorities);
            tls.CertificateChainPolicy = policy;
        }

        if (IsInsecure)
        {
#pragma warning disable CA5359 // An administrator of the machine has allowed it in the configuration.
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return tls;
    }
}
