using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Ops.Runtime.Fetching;
using Ops.Runtime.Tests.Support;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Runtime.Tests.Fetching;

/// <summary>Which servers are trusted, over real TLS.</summary>
public sealed class AuthoritiesTests : IDisposable
{
    private readonly TestCertificates certificates = new();

    [Fact]
    public async Task Get_ServerOfTheAuthority_IsTrustedWithItOnly()
    {
        using var others = new TestCertificates();
        await using var store = await FileServer.StartAsync([1, 2, 3], certificates.Issue("CN=store", server: true));

        using var trusts = FileFetcher.CreateClient(Read(certificates.AuthorityPem));
        Assert.Equal([1, 2, 3], await trusts.GetByteArrayAsync(store.Url));
        await RefusesAsync(null, store.Url);
        await RefusesAsync(Read(others.AuthorityPem), store.Url);
    }

    [Fact]
    public async Task Get_CertificateOfAUser_IsNoServer()
    {
        var (certificate, key) = certificates.Issue("CN=127.0.0.1");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serves = ServeAsync(listener, X509Certificate2.CreateFromPem(certificate, key));

        await RefusesAsync(Read(certificates.AuthorityPem), $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/", "localhost");
        await serves;
    }

    [Fact]
    public async Task Get_CertificateOfAnotherName_IsRefused()
    {
        await using var store = await FileServer.StartAsync([1, 2, 3], certificates.Issue("CN=store", server: true));

        await RefusesAsync(Read(certificates.AuthorityPem), store.Url, "another.example");
    }

    [Fact]
    public async Task Get_CertificateThatIsOver_IsRefused()
    {
        using var old = new TestCertificates(new ManualTime(TimeProvider.System.GetUtcNow().AddDays(-25)));
        await using var store = await FileServer.StartAsync([1, 2, 3], old.Issue("CN=store", server: true));

        await RefusesAsync(Read(old.AuthorityPem), store.Url);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no certificate")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void Read_NoCertificates_IsNothing(string pem) => Assert.Null(Authorities.Read(pem));

    public void Dispose() => certificates.Dispose();

    // A web server would not start with it.
    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(client.GetStream());
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await stream.AuthenticateAsServerAsync(certificate);
            await stream.ReadExactlyAsync(new byte[1]);
        });
    }

    private static X509Certificate2Collection Read(string pem) => Authorities.Read(pem)!;

    private static async Task RefusesAsync(X509Certificate2Collection? authorities, string url, string? host = null)
    {
        using var http = FileFetcher.CreateClient(authorities);
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Host = host } };
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request));
        Assert.Equal(HttpRequestError.SecureConnectionError, refused.HttpRequestError);
    }
}
