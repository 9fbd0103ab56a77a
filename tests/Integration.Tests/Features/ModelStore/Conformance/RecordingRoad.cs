using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>A request as it was on the wire.</summary>
/// <param name="Method">Such as PUT.</param>
/// <param name="Target">The path, or the whole address where the road was asked as a proxy.</param>
/// <param name="Host">The server that it names.</param>
/// <param name="Headers">All of them, without regard to case.</param>
/// <param name="Text">A short body, otherwise nothing.</param>
internal sealed record Seen(string Method, string Target, string Host, IReadOnlyDictionary<string, string> Headers, string Text);

/// <summary>A road to an S3 server that remembers what went along it: a second address of the server, with a certificate or not, and a proxy for those who ask it as one.</summary>
internal sealed class RecordingRoad : IAsyncDisposable
{
    private const int ShortBody = 64 * 1024;
    private readonly S3Forwarder forwarder;
    private readonly WebApplication app;
    private readonly List<Seen> seen = [];

    private RecordingRoad(Uri server, TestCertificates? certificates, string address)
    {
        forwarder = new S3Forwarder(server);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().UseUrls($"{(certificates is null ? "http" : "https")}://{address}:0").ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
        {
            if (certificates?.Issue("CN=s3", server: true) is { } issued)
            {
                https.ServerCertificate = X509CertificateLoader.LoadPkcs12(X509Certificate2.CreateFromPem(issued.Certificate, issued.Key).Export(X509ContentType.Pkcs12), null);
            }
        }));
        app = builder.Build();
        app.Run(CarryAsync);
    }

    /// <summary>Answers in the server's place where it gives a status.</summary>
    public Func<Seen, int?>? Answer { get; set; }

    /// <summary>Where requests are sent on to, in the server's place.</summary>
    public Uri? RedirectTo { get; set; }

    public string Address => app.Urls.First();

    public IReadOnlyList<Seen> Seen
    {
        get
        {
            lock (seen)
            {
                return [.. seen];
            }
        }
    }

    /// <summary>Opens one. Certificates are for localhost and 127.0.0.1.</summary>
    public static async Task<RecordingRoad> OpenAsync(Uri server, TestCertificates? certificates = null, string address = "127.0.0.1")
    {
        var road = new RecordingRoad(server, certificates, address);
        await road.app.StartAsync();
        return road;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        forwarder.Dispose();
    }

    private async Task CarryAsync(HttpContext context)
    {
        var text = "";
        if (context.Request.ContentLength is > 0 and < ShortBody)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            text = Encoding.UTF8.GetString(body.ToArray());
            body.Position = 0;
            context.Request.Body = new MemoryStream(body.ToArray());
        }

        var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var request = new Seen(context.Request.Method, context.Features.Get<IHttpRequestFeature>()!.RawTarget, context.Request.Host.Value!, headers, text);
        lock (seen)
        {
            seen.Add(request);
        }

        if (Answer?.Invoke(request) is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        if (RedirectTo is not null)
        {
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = RedirectTo.AbsoluteUri;
            return;
        }

        await forwarder.CarryAsync(context, _ => true);
    }
}
