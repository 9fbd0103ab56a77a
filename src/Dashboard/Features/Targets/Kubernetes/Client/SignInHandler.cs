using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What to sign in with.</summary>
/// <param name="Token">The bearer token; null for none.</param>
/// <param name="Certificate">The certificate for the connection; null for the one that stays.</param>
internal sealed record ClusterCredential(string? Token, SslStreamCertificateContext? Certificate = null);

/// <summary>Gives something to sign in with that may change with time.</summary>
internal interface IClusterToken
{
    /// <summary>What a request now signs in with.</summary>
    ValueTask<ClusterCredential> GetAsync(CancellationToken cancellation);

    /// <summary>It was refused: the next one is got anew.</summary>
    void Forget();
}

/// <summary>Signs requests in, each with what holds then.</summary>
internal sealed class SignInHandler(ClusterAccess access) : HttpMessageHandler
{
    private readonly Lock gate = new();
    private (SslStreamCertificateContext? Certificate, HttpMessageInvoker Sender)? current;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The name a certificate is checked for is the one of this header.
        request.Headers.Host = access.ServerName;
        var credential = access.Token is { } token ? await token.GetAsync(cancellationToken) : new(null);
        if (credential.Token is { } bearer)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        var reply = await SenderFor(credential.Certificate ?? access.ClientCertificate).SendAsync(request, cancellationToken);
        if (reply.StatusCode == HttpStatusCode.Unauthorized)
        {
            // Renewed early; whoever sent this sends it again or says so.
            access.Token?.Forget();
        }

        return reply;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (gate)
            {
                current?.Sender.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    // A connection keeps the certificate it was opened with, so another one needs other connections. Streams on those before break, and go on here.
    private HttpMessageInvoker SenderFor(SslStreamCertificateContext? certificate)
    {
        lock (gate)
        {
            if (current is { } known)
            {
                if (ReferenceEquals(known.Certificate, certificate))
                {
                    return known.Sender;
                }

                known.Sender.Dispose();
            }

            var sender = new HttpMessageInvoker(access.Connect(certificate));
            current = (certificate, sender);
            return sender;
        }
    }
}
