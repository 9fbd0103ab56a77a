using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.ModelStore.Imports.Guard;

/// <summary>
/// The one HTTP client of imports. Each connection goes to an address that <see cref="AddressGuard"/> has let through a moment before;
/// redirects are followed here, a few, each checked like the first address; no proxy, no cookies, nothing unpacked on the way.
/// </summary>
internal sealed class ImportHttp : IDisposable
{
    private const int MaxRedirects = 5;
    private const int MaxTextBytes = 32 * 1024 * 1024;
    private readonly AddressGuard guard;
    private readonly TimeSpan silence;
    private readonly HttpMessageInvoker invoker;

    /// <summary>Opens no connection yet.</summary>
    public ImportHttp(AddressGuard guard, IOptions<ImportsOptions> options)
    {
        this.guard = guard;
        silence = options.Value.Silence;
        invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 64,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = ConnectAsync,
        });
    }

    /// <summary>Sends a request and follows redirects. The answer's body is not read yet; reading it fails when the source falls silent.</summary>
    /// <param name="make">Makes the request for an address; called anew for every redirect. Credentials are dropped once the host changes.</param>
    /// <param name="address">Where to.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ImportRefusedException">The address, or one it leads to, is not allowed.</exception>
    /// <exception cref="ImportInterruptedException">No answer came.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<Uri, HttpRequestMessage> make, Uri address, CancellationToken cancellation)
    {
        var first = address;
        for (var hop = 0; ; hop++)
        {
            guard.CheckScheme(address);
            using var request = make(address);
            if (!SameOrigin(first, address))
            {
                request.Headers.Authorization = null;
            }

            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Ops", "1.0"));
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            var answer = await SendOnceAsync(request, cancellation);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
            {
                return answer;
            }

            answer.Dispose();
            if (hop == MaxRedirects)
            {
                throw new ImportRefusedException($"{first.Host} redirects more than {MaxRedirects} times.");
            }

            address = new Uri(address, location);
            if (address.UserInfo.Length > 0)
            {
                throw new ImportRefusedException($"{first.Host} redirects to an address with a password in it.");
            }
        }
    }

    /// <summary>Fetches a short text, such as the list of a repository's files.</summary>
    /// <exception cref="ImportRefusedException">It is longer than 32 MiB, or the answer was a final no.</exception>
    public async Task<byte[]> GetBytesAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        await using var stream = await OpenAsync(answer, cancellation);
        using var memory = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (memory.Length + read > MaxTextBytes)
            {
                throw new ImportRefusedException("The answer of the source is far longer than it should be.");
            }

            memory.Write(buffer, 0, read);
        }

        return memory.ToArray();
    }

    /// <summary>The body as a stream that fails when nothing comes for too long. Disposing it disposes the answer.</summary>
    public async Task<Stream> OpenAsync(HttpResponseMessage answer, CancellationToken cancellation) =>
        new PatientStream(await answer.Content.ReadAsStreamAsync(cancellation), answer, silence);

    /// <summary>Turns an answer that is not what was wanted into words.</summary>
    /// <exception cref="ImportRefusedException">Asking again would bring the same answer.</exception>
    /// <exception cref="ImportInterruptedException">Asking again may help.</exception>
    public static void ThrowUnlessSuccess(HttpResponseMessage answer, string what)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        var code = (int)answer.StatusCode;
        answer.Dispose();
        throw code switch
        {
            401 or 403 => new ImportRefusedException($"{what} may not be read without signing in there ({code})."),
            404 or 410 => new ImportRefusedException($"{what} is not there ({code}). Check the address."),
            408 or 425 or 429 or >= 500 => new ImportInterruptedException($"{what} cannot be read right now ({code})."),
            _ => new ImportRefusedException($"{what} cannot be read: the server answered {code}."),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => invoker.Dispose();

    private static bool SameOrigin(Uri one, Uri other) => one.Scheme == other.Scheme && one.Port == other.Port && string.Equals(one.Host, other.Host, StringComparison.OrdinalIgnoreCase);

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(silence);
        try
        {
            return await invoker.SendAsync(request, patience.Token);
        }
        catch (HttpRequestException exception) when (Inner<ImportRefusedException>(exception) is { } refused)
        {
            throw new ImportRefusedException(refused.Message, exception);
        }
        catch (HttpRequestException exception)
        {
            throw new ImportInterruptedException(Inner<ImportInterruptedException>(exception)?.Message ?? $"{request.RequestUri!.Host} does not answer.", exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ImportInterruptedException($"{request.RequestUri!.Host} did not answer for {silence.TotalSeconds:0} seconds.", exception);
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await guard.ResolveAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
        return await CheckedAddresses.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
    }

    private static T? Inner<T>(Exception exception)
        where T : Exception
    {
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is T found)
            {
                return found;
            }
        }

        return null;
    }
}
