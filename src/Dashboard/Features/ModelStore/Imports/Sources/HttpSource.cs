using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>One file behind an <c>https://</c> address. Goes on after a break by Range and If-Range (RFC 9110), and takes a checksum from the answer or from a <c>.sha256</c> file beside it.</summary>
internal sealed partial class HttpSource(ImportHttp http, AddressGuard guard) : IImportSource
{
    private const int MaxSidecarBytes = 4096;

    /// <inheritdoc/>
    public string Scheme => "https";

    /// <inheritdoc/>
    public Result Check(ImportAddress address) => address.Uri.Scheme == Uri.UriSchemeHttps || guard.IsAllowedByName(address.Uri.Host, address.Uri.Port)
        ? Result.Done
        : Failure.Invalid("Use https://, so that nobody on the way can change the model.", "address");

    /// <inheritdoc/>
    public async Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation)
    {
        var address = job.Address.Uri;
        using var answer = await http.SendAsync(static uri => new HttpRequestMessage(HttpMethod.Get, uri), address, cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, job.Address.Shown);
        return new ImportListing(
        [
            new ImportFile
            {
                Path = NameOf(answer, address),
                Size = answer.Content.Headers.ContentLength,
                Sha256 = HttpChecksums.Read(answer) ?? await SidecarAsync(address, cancellation),
                Validator = ValidatorOf(answer),
            },
        ]);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation) =>
        await HttpRanges.OpenAsync(http, uri => new HttpRequestMessage(HttpMethod.Get, uri), job.Address.Uri, file, offset, cancellation);

    /// <summary>What tells this state of the file from another: a strong ETag, or else the date of change.</summary>
    public static string? ValidatorOf(HttpResponseMessage answer) => answer.Headers.ETag is { IsWeak: false } tag
        ? tag.ToString()
        : answer.Content.Headers.LastModified is { } changed ? changed.ToString("r") : null;

    private static string NameOf(HttpResponseMessage answer, Uri address)
    {
        var disposition = answer.Content.Headers.ContentDisposition;
        var name = (disposition?.FileNameStar ?? disposition?.FileName)?.Trim('"', ' ');
        if (string.IsNullOrEmpty(name))
        {
            name = Uri.UnescapeDataString(address.AbsolutePath.Split('/')[^1]);
        }

        return name.Length == 0 ? "model" : name;
    }

    private async Task<string?> SidecarAsync(Uri address, CancellationToken cancellation)
    {
        if (address.Query.Length > 0)
        {
            return null;
        }

        try
        {
            using var answer = await http.SendAsync(static uri => new HttpRequestMessage(HttpMethod.Get, uri), new Uri(address.AbsoluteUri + ".sha256"), cancellation);
            if (answer.StatusCode != HttpStatusCode.OK || answer.Content.Headers.ContentLength is null or > MaxSidecarBytes)
            {
                return null;
            }

            var text = Encoding.UTF8.GetString(await http.GetBytesAsync(answer, cancellation));
            return Sidecar().Match(text) is { Success: true } match ? match.Groups[1].Value.ToLowerInvariant() : null;
        }
        catch (Exception exception) when (exception is ImportRefusedException or ImportInterruptedException)
        {
            // There need not be one.
            return null;
        }
    }

    [GeneratedRegex(@"\A\s*([0-9A-Fa-f]{64})(\s|\z)")]
    private static partial Regex Sidecar();
}

/// <summary>Reads a file over HTTP from some byte on.</summary>
internal static class HttpRanges
{
    /// <summary>Opens a file from an offset. The answer must be of the file that was listed.</summary>
    /// <exception cref="ImportChangedException">It is another file now, or nobody can tell and no checksum would.</exception>
    public static async Task<Stream> OpenAsync(ImportHttp http, Func<Uri, HttpRequestMessage> make, Uri address, ImportFile file, long offset, CancellationToken cancellation)
    {
        if (offset > 0 && file.Validator is null && file.Sha256 is null && !file.IsImmutable)
        {
            throw new ImportChangedException("The server does not say whether its file is still the same one, so it is fetched from the start.");
        }

        var answer = await http.SendAsync(
            uri =>
            {
                var request = make(uri);
                if (offset > 0)
                {
                    request.Headers.Range = new RangeHeaderValue(offset, null);
                    if (file.Validator is { } validator)
                    {
                        request.Headers.TryAddWithoutValidation("If-Range", validator);
                    }
                }

                return request;
            },
            address,
            cancellation);
        ImportHttp.ThrowUnlessSuccess(answer, file.Path);
        var skip = offset;
        try
        {
            if (answer.StatusCode == HttpStatusCode.PartialContent)
            {
                var range = answer.Content.Headers.ContentRange;
                if (range?.From != offset || (range.HasLength && file.Size is { } size && range.Length != size))
                {
                    throw new ImportChangedException("The server sent another piece of the file than was asked for, so it is fetched from the start.");
                }

                skip = 0;
            }
            else if ((answer.Content.Headers.ContentLength is { } length && file.Size is { } listed && length != listed)
                || (file.Validator is { } known && HttpSource.ValidatorOf(answer) is { } now && now != known))
            {
                throw new ImportChangedException("The file has changed at its source, so it is fetched from the start.");
            }

            var stream = await http.OpenAsync(answer, cancellation);
            await SkipAsync(stream, skip, cancellation);
            return stream;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes that are there already and throws them away.</summary>
    public static async Task SkipAsync(Stream stream, long bytes, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        while (bytes > 0)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(bytes, buffer.Length)), cancellation);
            if (read == 0)
            {
                throw new ImportInterruptedException("The source ended before the place it is to go on from.");
            }

            bytes -= read;
        }
    }
}

/// <summary>Checksums that servers send along: RFC 9530 (Repr-Digest, Content-Digest), its predecessor Digest (RFC 3230), S3's and two common custom ones.</summary>
internal static class HttpChecksums
{
    private static readonly string[] Hex = ["x-checksum-sha256", "x-sha256", "x-linked-etag"];
    private static readonly string[] Base64 = ["x-amz-checksum-sha256", "x-ms-checksum-sha256"];
    private static readonly string[] Digests = ["repr-digest", "content-digest", "digest"];

    /// <summary>SHA-256 (hex) of the whole file, or null when the answer does not tell.</summary>
    public static string? Read(HttpResponseMessage answer)
    {
        foreach (var name in Hex)
        {
            if (Header(answer, name)?.Trim('"') is { Length: 64 } value && value.All(char.IsAsciiHexDigit))
            {
                return value.ToLowerInvariant();
            }
        }

        return Base64.Select(name => FromBase64(Header(answer, name)))
            .Concat(Digests.SelectMany(name => (Header(answer, name) ?? "").Split(',')).Select(FromDigest))
            .FirstOrDefault(found => found is not null);
    }

    private static string? FromDigest(string part)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && part[..equals].Trim().Equals("sha-256", StringComparison.OrdinalIgnoreCase) ? FromBase64(part[(equals + 1)..].Trim().Trim(':')) : null;
    }

    private static string? FromBase64(string? text)
    {
        var bytes = new byte[32];
        return text is { Length: 44 } && Convert.TryFromBase64String(text, bytes, out var count) && count == 32 ? Convert.ToHexStringLower(bytes) : null;
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values) ? string.Join(',', values) : null;
}
