using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Runtime.Fetching;

/// <summary>Copies one file from its source, checking length and SHA-256 on the way.</summary>
/// <param name="http">Follows no redirects: the address was approved, a redirect's target was not.</param>
/// <param name="stall">A download that brings nothing for this long has failed.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Takes what went wrong. Addresses stay out of it, since their queries may be secret.</param>
internal sealed class FileFetcher(HttpClient http, TimeSpan stall, TimeProvider time, ILogger<FileFetcher> log)
{
    /// <summary>Makes the client of a fetcher.</summary>
    /// <param name="authorities">Trusted besides the system's; null for none.</param>
    public static HttpClient CreateClient(X509Certificate2Collection? authorities = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15) };
        if (authorities is not null)
        {
            Authorities.Trust(handler.SslOptions, authorities);
        }

        return new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Fills <paramref name="target"/> with the verified content. A download that breaks goes on where it broke, and so does one that an earlier process began.</summary>
    /// <exception cref="FetchException">The file is missing, unreachable, not what was declared, or cannot be stored.</exception>
    public async Task FetchAsync(WantedFile file, FileStream target, FetchProgress progress, CancellationToken cancellation)
    {
        using var part = new PartialFile(file, target, progress);
        await part.ResumeAsync(cancellation);
        var retries = new Retries();
        var (inPieces, anew) = (part.Length > 0, false);
        while (true)
        {
            try
            {
                if (!part.IsWhole)
                {
                    await (file.Source.IsFile ? CopyFileAsync(file, part, cancellation) : DownloadAsync(file, part, cancellation));
                }

                part.Verify();
                return;
            }
            catch (FetchException exception) when (exception.Trouble == FetchTrouble.Content && inPieces && !anew)
            {
                // The pieces may be of two contents, or what lay here was damaged. The source is wrong only if it is so from the first byte to the last.
                log.FetchedAnew(file.Label);
                (anew, inPieces) = (true, false);
                part.Reset();
            }
            catch (Exception exception) when (IsTransient(exception, cancellation))
            {
                var reason = Reason(exception);
                if (retries.Next(part.Length, (exception as BusyException)?.RetryAfter) is not { } wait)
                {
                    throw new FetchException(FetchTrouble.Unreachable, $"{file.Label} could not be fetched: {reason}.", exception);
                }

                log.FetchRetried(file.Label, retries.Failed, reason, part.Length, wait.TotalSeconds);
                inPieces |= part.Length > 0;
                await Task.Delay(wait, time, cancellation);
            }
        }
    }

    private async Task CopyFileAsync(WantedFile file, PartialFile part, CancellationToken cancellation)
    {
        FileStream source;
        try
        {
            source = new FileStream(file.Source.LocalPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FetchException(FetchTrouble.Refused, $"{file.Label} is not in the model store.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new FetchException(FetchTrouble.Refused, $"{file.Label} could not be fetched: it may not be read.", exception);
        }

        await using (source)
        {
            source.Position = part.Length;
            await CopyAsync(source, part, cancellation);
        }
    }

    private async Task DownloadAsync(WantedFile file, PartialFile part, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, file.Source);
        if (part.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(stall);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Accept(file, part, response);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        await CopyAsync(stream, part, cancellation);
        if (!part.IsWhole && response.Content.Headers.ContentLength is null && response.Headers.TransferEncodingChunked != true)
        {
            // Nothing but the end of the connection says where such an answer ends, so this is how a cut one looks.
            throw new IOException("The answer ended early.");
        }
    }

    private void Accept(WantedFile file, PartialFile part, HttpResponseMessage response)
    {
        var (status, content) = (response.StatusCode, response.Content.Headers);
        switch (status)
        {
            case HttpStatusCode.OK:
                if (part.Length > 0)
                {
                    // The source knows no parts and sends everything.
                    part.Reset();
                }

                if (content.ContentLength is { } length && length != file.Size)
                {
                    throw part.WrongLength(length);
                }

                break;
            case HttpStatusCode.PartialContent when part.Length > 0 && content.ContentRange is { } range && range.From == part.Length:
                if (range.Length is { } whole && whole != file.Size)
                {
                    throw part.WrongLength(whole);
                }

                break;
            case HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable when part.Length > 0:
                part.Reset();
                throw new BusyException(status, null);
            case HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError:
                var after = response.Headers.RetryAfter;
                throw new BusyException(status, after?.Delta ?? after?.Date - time.GetUtcNow());
            default:
                throw new FetchException(FetchTrouble.Refused, $"{file.Label} could not be fetched: the source answered {(int)status}.");
        }
    }

    private async Task CopyAsync(Stream source, PartialFile part, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(stall);
        await PartialFile.ReadAsync(
            source,
            async bytes =>
            {
                await part.AppendAsync(bytes, cancellation);
                patience.CancelAfter(stall);
            },
            patience.Token);
    }

    /// <summary>Broken connections, server trouble and stalls may pass; our own cancellation does not count.</summary>
    private static bool IsTransient(Exception exception, CancellationToken cancellation) =>
        exception is HttpRequestException or IOException
        || (exception is OperationCanceledException && !cancellation.IsCancellationRequested);

    private string Reason(Exception exception) => exception switch
    {
        BusyException busy => $"the source answered {(int)busy.StatusCode!}",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "the name of the source is not known here",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "the source accepts no connection",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "the source's certificate is not trusted here",
        OperationCanceledException { InnerException: TimeoutException } => "the source accepts no connection",
        OperationCanceledException => $"nothing came for {stall.TotalSeconds:0.#} s",
        _ => "the connection broke",
    };

    private sealed class BusyException(HttpStatusCode status, TimeSpan? retryAfter) : HttpRequestException($"The source answered {(int)status}.", null, status)
    {
        public TimeSpan? RetryAfter => retryAfter;
    }
}
