using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Ops.Dashboard.Features.ModelStore.Stores;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>The clients of one store: one that speaks with the server, and one that only signs addresses for others.</summary>
internal sealed class S3Connection : IDisposable
{
    private const int Retries = 4;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromMinutes(10);
    private readonly SocketsHttpHandler handler;
    private readonly Lazy<AmazonS3Client> client;
    private readonly Lazy<AmazonS3Client> signer;

    /// <summary>Nothing is sent before the first use.</summary>
    public S3Connection(S3Settings settings, S3Credentials credentials, AddressRules? addresses = null)
    {
        var proxyLogin = settings is { Proxy: not null, ProxyUser: { } user } ? new NetworkCredential(user, credentials.ProxyPassword) : null;
        handler = Handler(settings, proxyLogin, addresses);
        Http = new HttpClient(new NoRedirects(proxyLogin is null ? handler : new ProxyLogin(handler, proxyLogin)), disposeHandler: false) { Timeout = RequestTimeout };
        Server = new Uri(settings.Endpoint ?? $"https://s3.{settings.Region}.amazonaws.com");
        PublicServer = settings.PublicEndpoint is { } address ? new Uri(address) : Server;
        var key = new BasicAWSCredentials(credentials.AccessKey, credentials.SecretKey);
        client = new(() => new AmazonS3Client(key, Config(settings, Server)));
        signer = new(() => PublicServer == Server ? client.Value : new AmazonS3Client(key, Config(settings, PublicServer)));
    }

    /// <summary>Speaks with the server.</summary>
    public IAmazonS3 Client => client.Value;

    /// <summary>Signs addresses that others than this process use.</summary>
    public IAmazonS3 Signer => signer.Value;

    /// <summary>Plain requests with the same certificates and proxy, unsigned.</summary>
    public HttpClient Http { get; }

    /// <summary>Where the server is for the dashboard.</summary>
    public Uri Server { get; }

    /// <summary>Where the server is for browsers.</summary>
    public Uri PublicServer { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (signer.IsValueCreated && !ReferenceEquals(signer.Value, client.Value))
        {
            signer.Value.Dispose();
        }

        if (client.IsValueCreated)
        {
            client.Value.Dispose();
        }

        Http.Dispose();
        handler.Dispose();
    }

    private AmazonS3Config Config(S3Settings settings, Uri server) => new()
    {
        ServiceURL = server.AbsoluteUri,
        AuthenticationRegion = settings.Region,
        ForcePathStyle = settings.PathStyle,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        RetryMode = RequestRetryMode.Standard,
        MaxErrorRetry = Retries,
        Timeout = RequestTimeout,
        IgnoreConfiguredEndpointUrls = true,
        HttpClientFactory = new SharedHttp(Http),
    };

    private static SocketsHttpHandler Handler(S3Settings settings, NetworkCredential? proxyLogin, AddressRules? addresses)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        };
        if (addresses is not null)
        {
            // A name that was fine when it was saved may stand for something else by now.
            handler.ConnectCallback = addresses.ConnectAsync;
        }

        if (settings.Proxy is { } proxy)
        {
            // Plain requests carry the login by themselves: asked for it first, they would have sent a part for nothing and could not send it again.
            handler.Proxy = new WebProxy(proxy) { Credentials = IsAllPlain(settings) ? null : proxyLogin };
        }

        if (!string.IsNullOrWhiteSpace(settings.CaPem))
        {
            var trusted = new X509Certificate2Collection();
            trusted.ImportFromPem(settings.CaPem);
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, trusted);
        }

        return handler;
    }

    private static bool IsAllPlain(S3Settings settings) => IsPlain(settings.Endpoint) && (settings.PublicEndpoint is null || IsPlain(settings.PublicEndpoint));

    private static bool IsPlain(string? server) => server?.StartsWith("http://", StringComparison.OrdinalIgnoreCase) == true;

    // Only an unknown authority can be made up for; a wrong name or a missing certificate stays an error.
    private static bool IsTrusted(X509Certificate? certificate, X509Chain? seen, SslPolicyErrors errors, X509Certificate2Collection trusted)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (seen is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(seen.ChainElements.Skip(1).Select(element => element.Certificate).ToArray());
        }

        return chain.Build(leaf);
    }

    // The client follows some answers by itself, to wherever they say, and fails in strange ways where it does not.
    private sealed class NoRedirects(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if ((int)answer.StatusCode / 100 != 3 || answer.Headers.Location is not { } elsewhere)
            {
                return answer;
            }

            answer.Dispose();
            var place = new Uri(request.RequestUri!, elsewhere).GetLeftPart(UriPartial.Authority);
            throw new StoreUnavailableException(StoreProblem.Refused, $"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} sends requests on to {place}, which is not followed. If that is the store, give it as the address.");
        }
    }

    // Only the proxy reads a request without TLS, and takes the login off it. Through a tunnel it would reach the server instead.
    private sealed class ProxyLogin(HttpMessageHandler inner, NetworkCredential login) : DelegatingHandler(inner)
    {
        private readonly AuthenticationHeaderValue header = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.UserName}:{login.Password}")));

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.ProxyAuthorization = request.RequestUri?.Scheme == Uri.UriSchemeHttp ? header : null;
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class SharedHttp(HttpClient http) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
